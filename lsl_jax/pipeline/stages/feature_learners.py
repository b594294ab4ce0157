"""Learners that are pure functions of stored features: all draws at once."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, types
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.learners.trained import Context, Trained
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import kept_features, metric_phases, phases

Accuracies = dict[str, np.ndarray]  # 'novel/top1' and the like: [T, shots]


def accuracies(
    config: Any,
    task: task_lib.Task,
    trained: Trained,
    names: Sequence[str],
    workdir: str,
) -> dict[str, Accuracies]:
  """Every learner's accuracy on every draw and number of shots.

  Args:
    config: the whole config.
    task: what is to be learned and tested.
    trained: phase 1's network.
    names: learners of the registry that consume features or views.
    workdir: of the run, where features are kept.

  Returns:
    By learner, then by metric, `[T, len(shots)]` fractions.
  """
  made = context(config, task, trained, names, workdir)
  base = types.Base(
      jnp.asarray(trained.templates[task.base_classes]),
      *made.products.get('base_examples', (None, None)),
  )
  queries = jnp.asarray(
      stored(config, task, trained, workdir, 'queries', task.queries)
  )
  pools = {
      kind: jnp.asarray(_pool(config, task, trained, workdir, kind))
      for kind in {registry.LEARNERS[name].consumes for name in names}
  }
  return {
      name: {
          metric: np.asarray(values)
          for metric, values in evaluation.generalized(
              task_lib.key_for(config.seed, task_lib.TEMPLATES),
              make(name, made),
              base,
              pools[registry.LEARNERS[name].consumes],
              jnp.asarray(task.draws[: config.evaluation.draws]),
              queries,
              jnp.asarray(task.query_labels),
              shots=tuple(config.evaluation.shots),
              top=tuple(config.evaluation.top),
              spaces=tuple(config.evaluation.spaces),
              novel_prior=config.evaluation.novel_prior,
          ).items()
      }
      for name in names
  }


def _pool(config, task, trained, workdir, kind) -> np.ndarray:
  """What a kind of learners consumes of the images that may be drawn."""
  if kind != metric_phases.NAMED:
    return stored(config, task, trained, workdir, f'pool_{kind}', task.pool)
  return metric_phases.with_names(
      stored(config, task, trained, workdir, 'pool_features', task.pool),
      task.problem.labels[task.pool],
      metric_phases.semantics(config, task, trained, workdir),
  )


def context(
    config: Any,
    task: task_lib.Task,
    trained: Trained,
    names: Sequence[str],
    workdir: str,
) -> Context:
  """What learners are made from, after the phases that some of them need."""
  scale = np.asarray(trained.scale)
  if scale.ndim and task.num_base:
    scale = scale[task.base_classes]
  return Context(
      config,
      trained,
      scale if task.num_base else np.mean(scale),
      phases.products(config, task, trained, workdir, names),
  )


def make(name: str, made: Context) -> types.Learner:
  """The learner of that name; ValueError for one that trains a network."""
  entry = registry.LEARNERS[name]
  if entry.make is None:
    raise ValueError(f'learner {name!r} is not one of stored features')
  return entry.make(made)


def stored(
    config: Any,
    task: task_lib.Task,
    trained: Trained,
    workdir: str,
    name: str,
    indices: np.ndarray,
) -> np.ndarray:
  """Embeddings kept in the workdir: of centre crops, or for `*_views` views.

  Centre crops of all images are in one store, whatever they are used for.
  """
  arguments = (
      config,
      task.problem,
      trained.representation,
      trained.variables,
      workdir,
      indices,
  )
  if name.endswith('_views'):
    key = task_lib.key_for(config.seed, task_lib.VIEWS)
    return kept_features.stored_views(*arguments, key, name)
  return kept_features.stored(*arguments)
