"""Learners that are pure functions of stored features: all draws at once."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, types
from lsl_jax.pipeline import features, metric_phases, phases, registry
from lsl_jax.pipeline import task as task_lib
from lsl_jax.pipeline.trained import Context, Trained

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
  base = types.Base(jnp.asarray(trained.templates[: task.num_base]))
  queries = jnp.asarray(
      stored(config, task, trained, workdir, 'queries', task.queries)
  )
  pools = {
      kind: jnp.asarray(_pool(config, task, trained, workdir, kind))
      for kind in {registry.LEARNERS[name].consumes for name in names}
  }
  made = context(config, task, trained, names, workdir)
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
  return Context(
      config,
      trained,
      trained.scale if task.num_base else np.mean(trained.scale),
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
  """Embeddings kept in the workdir: of centre crops, or for `*_views` views."""
  arguments = (
      config,
      trained.representation,
      trained.variables,
      task.problem,
      indices,
  )
  about = {
      'variables': trained.variables,
      'indices': indices,
      'data': config.data.to_json(),
  }
  if name.endswith('_views'):
    key = task_lib.key_for(config.seed, task_lib.VIEWS)
    about |= {'views': config.views, 'seed': config.seed}
    return features.cached(
        workdir, name, about, lambda: features.views(*arguments, key)
    )
  return features.cached(
      workdir, name, about, lambda: features.embeddings(*arguments)
  )
