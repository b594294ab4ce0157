"""How novel rows of a linear classifier begin, before they are trained on."""

import jax.numpy as jnp
import numpy as np

from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import features, trained_learners


def test_novel_rows_are_as_long_as_base_rows_whatever_spare_ones_are(
    get_config, problem, trained, monkeypatch
):
  config = get_config('sgm_glyphs:finetune,smoke')
  config.model.spare_rows = 2
  task = task_lib.make_task(config, problem)
  monkeypatch.setattr(
      features, 'embeddings', lambda *a: problem.images.features[a[-1]]
  )
  spare = np.full((2, 4), 1e-3, np.float32)  # pushed away by all classes
  rows = np.concatenate([trained.classifier, spare])
  trained = trained._replace(
      variables={'params': {'classifier': {'templates': jnp.asarray(rows)}}},
      classifier=rows,
  )
  support = task.support(0, 1)
  variables = trained_learners._start(
      config, task, trained, 'random_finetune', support, draw=0
  )
  found = np.asarray(variables['params']['classifier']['templates'])
  np.testing.assert_array_equal(found[:3], rows[:3])  # spare ones are gone
  np.testing.assert_allclose(
      np.linalg.norm(found[3:], axis=1),
      np.linalg.norm(rows[:3], axis=1).mean(),
      rtol=1e-5,
  )
