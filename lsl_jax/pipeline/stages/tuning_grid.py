"""The accuracy of a learner at every point of its grid, as one program."""

import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, types
from lsl_jax.pipeline.learners import hallucination_learners
from lsl_jax.pipeline.learners.trained import Context, Trained
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import hallucination_phases as phases
from lsl_jax.pipeline.stages import kept_features

_NEEDS = {
    'logistic_hallucinate': ('generation', phases.generation),
    'model_regression': ('regression', phases.regression),
}


def grid(config: Any, name: str) -> list[dict[str, Any]]:
  """All combinations of the numbers that a learner has."""
  _, tuned = hallucination_learners.TUNED[name]
  tuning = config.hallucination.tuning
  solver = config.hallucination.logistic.solver
  if solver == 'full' and name != 'model_regression':
    # It has no learning rate; model regression is fitted by SGD all the same.
    tuned = tuple(n for n in tuned if n != hallucination_learners.LEARNING_RATE)
  values = [tuple(tuning[number]) for number in tuned]
  return [
      dict(zip(tuned, combination, strict=True))
      for combination in itertools.product(*values)
  ]


def accuracies(
    config: Any,
    validation: task_lib.Task,
    trained: Trained,
    workdir: str,
    name: str,
    points: list[dict[str, Any]],
) -> np.ndarray:
  """Accuracy on base and validation classes at every point.

  Args:
    config: the whole config.
    validation: base and validation classes.
    trained: phase 1's network.
    workdir: of the run.
    name: of a learner of `hallucination_learners.TUNED`.
    points: of its grid.

  Returns:
    `[points, T, shots]` fractions. One program computes all of them, except
    for the authors' balance, to which several numbers of generated examples
    are several shapes.
  """
  make, _ = hallucination_learners.TUNED[name]
  products = {
      product: phase(config, validation, trained, workdir)
      for product, phase in filter(None, [_NEEDS.get(name)])
  }
  context = Context(config, trained, np.mean(trained.scale), products)
  base = types.Base(
      jnp.asarray(trained.templates[validation.base_classes]),
      *phases.base_examples(config, validation, trained, workdir),
  )
  part = 'views' if name.endswith('_aug') else 'features'
  pool, queries = (
      jnp.asarray(_part(config, validation, trained, workdir, one))
      for one in (part, 'queries')
  )
  own = hallucination_learners.numbers(config)
  metric = f'all/top{config.hallucination.tuning.top}'

  # Arguments of the program, since what it closes over is compiled into it.
  arrays = (
      base,
      pool,
      jnp.asarray(validation.draws),
      queries,
      jnp.asarray(validation.query_labels),
  )

  def evaluate(numbers, arrays, static):
    return evaluation.generalized(
        task_lib.key_for(config.seed, task_lib.TEMPLATES),
        make(context, {**own, **static, **numbers}),
        *arrays,
        shots=shots(config),
        top=(config.hallucination.tuning.top,),
    )[metric]

  per_class = hallucination_learners.PER_CLASS
  if per_class not in points[0]:
    groups = [(points, {})]
  elif config.hallucination.logistic.balance == 'paper':
    # Classes without a number are passed over, so k may be traced.
    groups = [(points, {'at_most': max(p[per_class] for p in points)})]
  else:
    groups = [
        ([p for p in points if p[per_class] == k], {per_class: k})
        for k in dict.fromkeys(p[per_class] for p in points)
    ]
  result = np.zeros((len(points), len(validation.draws), len(shots(config))))
  for group, static in groups:
    numbers = {
        number: jnp.array([point[number] for point in group])
        for number in group[0]
        if number not in static
    }
    program = jax.jit(
        jax.vmap(functools.partial(evaluate, static=static), in_axes=(0, None))
    )
    values = np.asarray(program(numbers, arrays))
    for point, each in zip(group, values, strict=True):
      result[points.index(point)] = each
  return result


def _part(config, task, trained, workdir, part):
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
    return kept_features.stored_views(*arguments, key, name='validation_views')
  return kept_features.stored(*arguments)


def shots(config: Any) -> tuple[int, ...]:
  """Numbers of shots whose mean accuracy decides."""
  return tuple(config.hallucination.tuning.shots) or tuple(
      config.evaluation.shots
  )
