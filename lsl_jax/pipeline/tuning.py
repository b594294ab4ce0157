"""Hyper-parameters, chosen on validation classes and frozen.

As the benchmark demands (Hariharan and Girshick 2017, section 6.1): the numbers
with the highest accuracy on base and validation classes together are used for
the classes that are reported. The whole grid goes into the results.
"""

from collections.abc import Iterable
import functools
import itertools
import json
import os
from typing import Any

from absl import logging
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, report, types
from lsl_jax.pipeline import features, hallucination_learners
from lsl_jax.pipeline import hallucination_phases as phases
from lsl_jax.pipeline import task as task_lib
from lsl_jax.pipeline.trained import Context, Trained

_NEEDS = {
    'logistic_hallucinate': ('generation', phases.generation),
    'model_regression': ('regression', phases.regression),
}


def choices(
    config: Any, task: task_lib.Task, trained: Trained, workdir: str
) -> dict[str, dict[str, Any]]:
  """Chooses the numbers of every learner of the config that has some.

  Args:
    config: the whole config.
    task: what will be reported; its validation problem is tuned on. Without
      one, or with `tuning.enabled` off, the config's numbers are taken.
    trained: phase 1's network.
    workdir: gets `tuning/LEARNER.json`, which is not made twice.

  Returns:
    Numbers by learner.
  """
  own = hallucination_learners.numbers(config)
  names = [n for n in config.learners if n in hallucination_learners.TUNED]
  if task.validation is None or not config.hallucination.tuning.enabled:
    return dict.fromkeys(names, own)
  validation = _validation(config, task)
  found = {}
  for name in names:
    record = _kept(config, validation, trained, workdir, name)
    found[name] = {**own, **record['chosen']}
    logging.info('%s: %s', name, record['chosen'])
  return found


def metadata(workdir: str, names: Iterable[str]) -> dict[str, Any]:
  """What was tuned in a workdir, for its results; empty if nothing was."""
  found = {}
  for name in names:
    path = _path(workdir, name)
    if os.path.exists(path):
      with open(path, encoding='utf-8') as file:
        found[name] = json.load(file)
  return {'tuning': found} if found else {}


def grid(config: Any, name: str) -> list[dict[str, Any]]:
  """All combinations of the numbers that a learner has."""
  _, tuned = hallucination_learners.TUNED[name]
  tuning = config.hallucination.tuning
  if config.hallucination.logistic.solver == 'full':
    # It has no learning rate.
    tuned = tuple(n for n in tuned if n != hallucination_learners.LEARNING_RATE)
  values = [tuple(tuning[number]) for number in tuned]
  return [
      dict(zip(tuned, combination, strict=True))
      for combination in itertools.product(*values)
  ]


def _validation(config: Any, task: task_lib.Task) -> task_lib.Task:
  """Base and validation classes as a task of their own."""
  tuning = config.hallucination.tuning
  own = config.copy_and_resolve_references()
  with own.unlocked():
    own.evaluation.classes = 'validation'
    own.evaluation.draws = own.evaluation.trained_draws = tuning.draws
    own.evaluation.shots = tuple(tuning.shots) or tuple(config.evaluation.shots)
    # The lists that come with ImageNet are of other classes' images.
    own.evaluation.draw_files = ()
  assert task.validation is not None
  return task_lib.make_task(own, task.validation)


def _kept(config, validation, trained, workdir, name) -> dict[str, Any]:
  """A learner's record, from its file or made."""
  about = features.fingerprint(
      {
          'variables': trained.variables,
          'classifier': trained.classifier,
          'data': config.data.to_json(),
          'seed': config.seed,
          'hallucination': config.hallucination.to_json(),
          'draws': validation.draws,
          'views': config.views,
      }
  )
  path = _path(workdir, name)
  if os.path.exists(path):
    with open(path, encoding='utf-8') as file:
      record = json.load(file)
    if record['about'] == about:
      return record
  points = grid(config, name)
  accuracies = _accuracies(config, validation, trained, workdir, name, points)
  means = accuracies.mean((1, 2))
  best = int(np.argmax(means))
  record = {
      'about': about,
      'chosen': points[best],
      'by': f'all/top{config.hallucination.tuning.top}',
      'classes': {
          'base': validation.num_base,
          'validation': validation.num_novel,
      },
      'draws': len(validation.draws),
      'shots': _shots(config),
      'grid': [
          {**point, 'mean': float(mean), 'by shots': each.mean(0).tolist()}
          for point, mean, each in zip(points, means, accuracies, strict=True)
      ],
  }
  if jax.process_index() == 0:
    report.atomic.write(path, json.dumps(record, indent=1) + '\n')
  return record


def _accuracies(
    config, validation, trained, workdir, name, points
) -> np.ndarray:
  """Accuracy `[points, T, shots]` of the whole grid, one program if it can."""
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
        shots=_shots(config),
        top=(config.hallucination.tuning.top,),
    )[metric]

  per_class = hallucination_learners.PER_CLASS
  logistic = config.hallucination.logistic
  if per_class not in points[0]:
    groups = [(points, {})]
  elif (logistic.solver, logistic.balance) == ('sgd', 'paper'):
    # Classes without a number are passed over, so k may be traced.
    groups = [(points, {'at_most': max(p[per_class] for p in points)})]
  else:
    groups = [
        ([p for p in points if p[per_class] == k], {per_class: k})
        for k in dict.fromkeys(p[per_class] for p in points)
    ]
  result = np.zeros((len(points), len(validation.draws), len(_shots(config))))
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
    return features.stored_views(*arguments, key, name='validation_views')
  return features.stored(*arguments)


def _shots(config: Any) -> tuple[int, ...]:
  return tuple(config.hallucination.tuning.shots) or tuple(
      config.evaluation.shots
  )


def _path(workdir: str, name: str) -> str:
  return os.path.join(workdir, 'tuning', f'{name}.json')
