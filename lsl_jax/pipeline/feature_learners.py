"""Learners that are pure functions of stored features: all draws at once."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, types
from lsl_jax.pipeline import features, phases, registry
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
  products = phases.products(config, task, trained, workdir, names)
  examples = products.get('base_examples')
  base = types.Base(
      jnp.asarray(trained.templates[task.base_classes]),
      *(examples if examples is not None else (None, None)),
  )
  queries = jnp.asarray(stored(config, task, trained, workdir, 'queries'))
  pools = {
      kind: jnp.asarray(stored(config, task, trained, workdir, kind))
      for kind in {registry.LEARNERS[name].consumes for name in names}
  }
  scale = np.asarray(trained.scale)
  context = Context(
      config,
      trained,
      scale[task.base_classes]
      if scale.ndim and task.num_base
      else np.mean(scale)
      if not task.num_base
      else scale,
      products,
  )
  return {
      name: {
          metric: np.asarray(values)
          for metric, values in evaluation.generalized(
              task_lib.key_for(config.seed, task_lib.TEMPLATES),
              _make(name, context),
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


def _make(name: str, context: Context) -> types.Learner:
  make = registry.LEARNERS[name].make
  if make is None:
    raise ValueError(f'learner {name!r} is not one of stored features')
  return make(context)


def stored(
    config: Any,
    task: task_lib.Task,
    trained: Trained,
    workdir: str,
    part: str,
) -> np.ndarray:
  """Embeddings of a part of the task.

  Args:
    config: the whole config.
    task: whose images they are.
    trained: the network.
    workdir: of the run, where they are kept.
    part: 'queries', 'features' of the pool, or 'views' of it.

  Returns:
    `[m, D]`, or `[m, A, D]` for views.
  """
  arguments = (
      config,
      task.problem,
      trained.representation,
      trained.variables,
      workdir,
      task.queries if part == 'queries' else task.pool,
  )
  if part == 'views':
    key = task_lib.key_for(config.seed, task_lib.VIEWS)
    return features.stored_views(*arguments, key)
  return features.stored(*arguments)
