"""Pictures of what one-shot imprinting did: Figure 5 of Qi, Brown and Lowe."""

import os
from typing import Any

import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, lowshot, report, types
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import feature_learners

_PAIRS = 16


def figures(
    config: Any,
    task: task_lib.Task,
    trained: Trained,
    workdir: str,
) -> list[str]:
  """Draws exemplars by recall, and predictions beside the winning exemplar.

  The classifier is imprinted on the first image of each class of the first
  draw. Of the test images of novel classes that were taken for a novel class,
  half of those shown are right and half wrong, chosen by the seed.

  Args:
    config: the whole config.
    task: what was learned and tested.
    trained: phase 1's network.
    workdir: where features are kept and figures go.

  Returns:
    Paths of the figures relative to the workdir.
  """
  stored = lambda name, indices: feature_learners.stored(
      config, task, trained, workdir, name, indices
  )
  exemplars = task.draws[0, :, 0]
  learner = lowshot.imprint()
  classifier = learner.fit(
      task_lib.key_for(config.seed, task_lib.TEMPLATES),
      types.Base(jnp.asarray(trained.templates[task.base_classes])),
      types.Support(
          jnp.asarray(stored('pool_features', task.pool)[exemplars]),
          jnp.arange(task.num_novel),
          task.num_novel,
      ),
  )
  novel = np.flatnonzero(task.query_labels >= task.num_base)
  labels = task.query_labels[novel]
  predicted = np.asarray(
      jnp.argmax(
          learner.predict(
              classifier, jnp.asarray(stored('queries', task.queries)[novel])
          ),
          -1,
      )
  )
  recalls = np.asarray(
      evaluation.recalls(
          jnp.asarray(predicted == labels),
          jnp.asarray(labels - task.num_base),
          task.num_novel,
      )
  )
  pictures = problem_lib.crops(config, task.problem, task.pool[exemplars])
  drawn = {
      'exemplars': report.exemplars(
          list(pictures), task.class_names[task.num_base :], list(recalls)
      )
  }
  shown = _choose(predicted, labels, task.num_base, config.seed)
  if shown.size:
    drawn['predictions'] = report.predictions(
        list(
            problem_lib.crops(config, task.problem, task.queries[novel[shown]])
        ),
        [pictures[c - task.num_base] for c in predicted[shown]],
        [task.class_names[c] for c in labels[shown]],
        [task.class_names[c] for c in predicted[shown]],
        list(predicted[shown] == labels[shown]),
    )
  paths = []
  for name, figure in drawn.items():
    paths.append(os.path.join('figures', f'{name}.png'))
    report.save(figure, os.path.join(workdir, paths[-1]))
  return paths


def _choose(
    predicted: np.ndarray, labels: np.ndarray, num_base: int, seed: int
) -> np.ndarray:
  """Some right and as many wrong predictions that a novel exemplar won."""
  rng = np.random.default_rng(seed)
  won = predicted >= num_base
  chosen = []
  for wanted in (predicted == labels, predicted != labels):
    among = np.flatnonzero(won & wanted)
    chosen.append(rng.permutation(among)[: _PAIRS // 2])
  return np.concatenate(chosen)
