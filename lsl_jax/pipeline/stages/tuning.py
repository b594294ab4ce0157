"""Hyper-parameters, chosen on validation classes and frozen.

As the benchmark demands (Hariharan and Girshick 2017, section 6.1): the numbers
with the highest accuracy on base and validation classes together are used for
the classes that are reported. The whole grid goes into the results.
"""

from collections.abc import Iterable
import json
import os
from typing import Any

from absl import logging
import jax
import numpy as np

from lsl_jax import report
from lsl_jax.pipeline.learners import hallucination_learners
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import features, tuning_grid


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
  validation = validation_task(config, task)
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


def validation_task(config: Any, task: task_lib.Task) -> task_lib.Task:
  """Base and validation classes as a task of their own.

  Args:
    config: the whole config.
    task: what will be reported, with a validation problem.

  Returns:
    The task that hyper-parameters are chosen on.
  """
  tuning = config.hallucination.tuning
  own = config.copy_and_resolve_references()
  with own.unlocked():
    own.evaluation.classes = 'validation'
    files = len(config.evaluation.draw_files)  # which are of all classes
    draws = min(tuning.draws, files) if files else tuning.draws
    own.evaluation.draws = own.evaluation.trained_draws = draws
    own.evaluation.shots = tuple(tuning.shots) or tuple(config.evaluation.shots)
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
  points = tuning_grid.grid(config, name)
  accuracies = tuning_grid.accuracies(
      config, validation, trained, workdir, name, points
  )
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
      'shots': tuning_grid.shots(config),
      'grid': [
          {**point, 'mean': float(mean), 'by shots': each.mean(0).tolist()}
          for point, mean, each in zip(points, means, accuracies, strict=True)
      ],
  }
  _warn_at_edges(name, points[best], points)
  if jax.process_index() == 0:
    report.atomic.write(path, json.dumps(record, indent=1) + '\n')
  return record


def _warn_at_edges(
    name: str, chosen: dict[str, Any], points: list[dict[str, Any]]
) -> None:
  """Tells of chosen numbers beyond which, on one side, none was tried.

  A grid of a single value leaves no choice, and so says nothing of an edge.
  """
  for key in (
      hallucination_learners.LEARNING_RATE,
      hallucination_learners.WEIGHT_DECAY,
  ):
    tried = sorted({point[key] for point in points if key in point})
    if len(tried) > 1 and chosen[key] in (tried[0], tried[-1]):
      logging.warning(
          '%s: the chosen %s, %g, is at an edge of its grid, %s; a better one'
          ' may lie beyond (hallucination.tuning.%s)',
          name,
          key,
          chosen[key],
          ', '.join(f'{value:g}' for value in tried),
          key,
      )


def _path(workdir: str, name: str) -> str:
  return os.path.join(workdir, 'tuning', f'{name}.json')
