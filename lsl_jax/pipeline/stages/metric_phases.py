"""Phases of metric-based learners: meanings, and a trained weight generator."""

import os
from typing import Any

from absl import logging
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import data, lowshot
from lsl_jax.pipeline.learners import metric_learning
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import fitting, kept, kept_features

# What learners consume that are told what classes are called.
NAMED = 'named_features'


def semantics(
    config: Any, task: Any, trained: Trained, workdir: str
) -> data.Semantics:
  """What all classes of the problem are called, base classes first."""
  del trained, workdir
  return metric_learning.meaning(config, task.problem.class_names)


def with_names(
    embedded: np.ndarray, labels: np.ndarray, meaning: data.Semantics
) -> np.ndarray:
  """Features, and behind them the vector of each image's class.

  Args:
    embedded: `[m, D]`.
    labels: `[m]` int, in the problem's label space.
    meaning: of all its classes.

  Returns:
    `[m, D + V]` float32.
  """
  return np.concatenate([embedded, meaning.vectors[labels]], axis=1)


def weight_generator(
    config: Any, task: Any, trained: Trained, workdir: str
) -> dict[str, Any]:
  """Trains Dynamic FSL's second stage on features of the base classes.

  Features and parameters are kept in the workdir, with a fingerprint of what
  they depend on.

  Args:
    config: the whole config.
    task: whose problem has the base classes.
    trained: phase 1's network; of a cosine classifier with one scale.
    workdir: of the run.

  Returns:
    Parameters for `lowshot.generate_weights`, of all base classes, and under
    `classes` which of them are in the task, or None.

  Raises:
    ValueError: the classifier is another one, or the episodes do not fit the
      base classes.
  """
  if np.ndim(trained.scale):
    raise ValueError(
        "the learner 'dynamic' needs one scale: model.per_class_scale is True"
    )
  problem = task.problem
  indices = problem.indices(base=True, train=True)
  embedded = base_features(config, problem, trained, workdir, indices)
  margin = metric_learning.margin(config)
  found = None
  if margin.learned:
    names = problem.class_names[: problem.num_base]
    found = metric_learning.meaning(config, names).similarities
  stage = metric_learning.stage(config)
  labels = problem.labels[indices]

  def train():
    params, metrics = lowshot.train_weight_generator(
        jax.random.key(fitting.derived_seed(config.seed, 'weight generator')),
        jnp.asarray(embedded),
        jnp.asarray(labels),
        jnp.asarray(trained.templates),
        trained.scale,
        stage=stage,
        margin=margin,
        similarities=None if found is None else jnp.asarray(found),
    )
    last = {k: float(np.mean(v[-100:])) for k, v in metrics.items()}
    logging.info('weight generator: %s', last)
    if not np.isfinite(last['loss']):
      raise ValueError(
          'the loss of the weight generator is not finite; lower'
          ' weight_generator.learning_rates'
      )
    return params

  params = kept.kept_tree(
      os.path.join(workdir, 'weight_generator.npz'),
      {
          'stage': repr(stage),
          'margin': repr(margin),
          'seed': config.seed,
          'features': embedded,
          'labels': labels,
          'similarities': found,
      },
      train,
  )
  return {**params, 'classes': task.base_classes if task.num_base else None}


def base_features(
    config: Any,
    problem: Any,
    trained: Trained,
    workdir: str,
    indices: np.ndarray,
) -> np.ndarray:
  """Stored features of base images, `[m, D]`, or of views `[m, A, D]`."""
  arguments = (
      problem,
      trained.representation,
      trained.variables,
      workdir,
      indices,
  )
  views = config.weight_generator.views
  if not views:
    return kept_features.stored(config, *arguments)
  own = config.copy_and_resolve_references()
  own.views = views
  key = task_lib.key_for(config.seed, task_lib.VIEWS)
  return kept_features.stored_views(own, *arguments, key, 'base_views')
