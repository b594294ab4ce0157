"""The recogniser of a user's own images."""

from typing import Any

import numpy as np

from lsl_jax import recogniser
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import feature_learners, fitting


def make(
    config: Any,
    task: task_lib.Task,
    trained: Trained,
    names: tuple[str, ...],
    workdir: str,
) -> recogniser.Recogniser:
  """Imprints a recogniser from all images, those of the test too.

  Args:
    config: the whole config.
    task: the images.
    trained: the pretrained network.
    names: of the images' files.
    workdir: of the run.

  Returns:
    The recogniser of all classes.
  """
  spec = config.data
  normalisation = fitting.normalisation(config)
  parts = [('pool_features', task.pool)]
  if len(task.queries):
    parts.append(('queries', task.queries))
  features = np.concatenate(
      [
          feature_learners.stored(config, task, trained, workdir, *part)
          for part in parts
      ]
  )
  features /= np.linalg.norm(features, axis=1, keepdims=True)
  indices = np.concatenate([task.pool, task.queries])
  known = recogniser.empty(
      recogniser.reference(
          config.model.backbone,
          config.model.pretrained,
          config.model.options.to_dict(),
      ),
      recogniser.Preprocessing(
          spec.size,
          spec.resize,
          spec.keep_aspect,
          _three(normalisation['mean']),
          _three(normalisation['std']),
      ),
      features.shape[1],
      keep=config.own_images.keep,
  )
  for label, class_name in enumerate(task.class_names):
    rows = np.flatnonzero(task.labels[indices] == label)
    chosen = indices[rows]
    known = recogniser.add(
        known,
        class_name,
        features[rows],
        list(problem_lib.crops(config, task.problem, chosen)),
        [names[i] for i in chosen],
    )
  return known


def _three(values: tuple[float, ...]) -> tuple[float, float, float]:
  red, green, blue = values
  return red, green, blue
