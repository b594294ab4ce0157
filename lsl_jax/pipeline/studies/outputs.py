"""Numbers of a run as rows of results, and the curves among its figures."""

from collections.abc import Mapping, Sequence
import os
from typing import Any

import numpy as np

from lsl_jax import evaluation, report
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.problems import task as task_lib

Rows = list[dict[str, Any]]


def rows(
    config: Any,
    accuracies: Mapping[str, Mapping[str, np.ndarray]],
    curves: Sequence[Mapping[str, Any]],
) -> Rows:
  """One row a learner, number of shots, split and metric.

  Args:
    config: the whole config.
    accuracies: of learners on stored features, as `feature_learners` has them.
    curves: of learners that train, as `trained_learners` has them; their last
      point counts.

  Returns:
    Rows for `report.results`; half-widths are of 95 % intervals over draws.
  """
  trials: dict[tuple[str, str, int], list[float]] = {}
  for name, by_metric in accuracies.items():
    for metric, values in by_metric.items():
      for column, shots in enumerate(config.evaluation.shots):
        trials[name, metric, shots] = list(values[:, column])
  for curve in curves:
    for metric, points in curve['accuracy'].items():
      key = (curve['learner'], metric, curve['shots'])
      trials.setdefault(key, []).append(points[-1])
  return [row(*key, values) for key, values in trials.items()]


def row(
    learner: str,
    metric: str,
    shots: int,
    values: Sequence[float] | np.ndarray,
    **setting: Any,
) -> dict[str, Any]:
  """One row of results from a number a trial.

  Args:
    learner: a name of the registry.
    metric: 'novel/top1' and the like: split, then metric.
    shots: examples a class.
    values: `[T]` fractions, of draws or of tasks.
    **setting: what else tells rows apart.

  Returns:
    The row; its half-width is of the 95 % interval over trials.
  """
  mean, half_width = evaluation.confidence_interval(
      values, method='normal' if len(values) > 30 else 'student'
  )
  split, kind = metric.split('/')
  return {
      'method': registry.LEARNERS[learner].title,
      'learner': learner,
      **setting,
      'shots': shots,
      'split': split,
      'metric': kind,
      'mean': float(mean),
      'half_width': None if np.isnan(half_width) else float(half_width),
      # Over draws, as Hariharan and Girshick report it.
      'deviation': float(np.std(values, ddof=1)) if len(values) > 1 else None,
      'trials': len(values),
  }


def title(config: Any, task: task_lib.Task) -> str:
  """The heading of results.md."""
  return (
      f'{task.problem.name}: {task.num_base} base and {task.num_novel}'
      f' {config.evaluation.classes} classes'
      if task.num_base
      else f'{task.problem.name}: transfer to {task.num_novel}'
      f' {config.evaluation.classes} classes'
  )


def note(config: Any, task: task_lib.Task) -> str:
  """What the numbers are."""
  space = (
      f'the joint label space of {task.num_base} base and {task.num_novel}'
      ' novel classes'
      if task.num_base
      else f'the label space of the {task.num_novel} novel classes alone'
  )
  return (
      f'Accuracy in {space}, on {len(task.queries)} test images: mean and 95 %'
      f' interval over draws of the support set ({config.evaluation.draws} on'
      f' stored features, {config.evaluation.trained_draws} where the network'
      f' is trained for each), seed {config.seed}.'
  )


def figures(
    config: Any,
    task: task_lib.Task,
    results: Rows,
    curves: Sequence[Mapping[str, Any]],
    workdir: str,
) -> list[str]:
  """Draws accuracy against shots, fine-tuning curves and learning curves.

  Returns:
    Paths relative to the workdir.
  """
  splits = ('novel', 'all') if task.num_base else ('novel',)
  guesses = config.evaluation.top[0]
  metric = f'top{guesses}'
  drawn = {}
  if len(config.evaluation.shots) > 1:
    drawn['accuracy'] = report.accuracy_against_shots(
        results, splits=splits, metric=metric, chance=guesses / task.num_classes
    )
  tuned = [c for c in curves if c['learner'] in _INITIALISATIONS]
  if tuned:
    drawn['fine_tuning'] = report.fine_tuning(
        _mean_curves(tuned, splits, metric), splits=splits
    )
  logged = learned(os.path.join(workdir, report.METRICS_FILE))
  if logged:
    drawn['learning'] = report.learning(logged)
  paths = []
  for name, figure in drawn.items():
    paths.append(os.path.join('figures', f'{name}.png'))
    report.save(figure, os.path.join(workdir, paths[-1]))
  return paths


def learned(path: str) -> list[dict[str, Any]]:
  """What phase 1 logged of its loss and accuracy."""
  if not os.path.exists(path):  # only learners that start from scratch
    return []
  shown = ('step', 'loss', 'accuracy', 'validation')
  records = [
      {name: record[name] for name in shown if name in record}
      for record in report.jsonl.read(path)
  ]
  return [record for record in records if len(record) > 1]


_INITIALISATIONS = {
    'imprint_finetune': 'imprinted',
    'random_finetune': 'random',
}


def _mean_curves(
    tuned: Sequence[Mapping[str, Any]], splits: Sequence[str], metric: str
) -> list[dict[str, Any]]:
  """Curves of one metric, averaged over draws."""
  groups: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
  for curve in tuned:
    groups.setdefault((curve['learner'], curve['shots']), []).append(curve)
  return [
      {
          'initialisation': _INITIALISATIONS[name],
          'shots': shots,
          'split': split,
          'epochs': group[0]['epochs'],
          'accuracy': np.mean(
              [curve['accuracy'][f'{split}/{metric}'] for curve in group],
              axis=0,
          ),
      }
      for (name, shots), group in groups.items()
      for split in splits
  ]


def write_trials(
    workdir: str, accuracies: Mapping[str, Mapping[str, np.ndarray]]
) -> None:
  """Keeps every draw's number: `trials.npz`, arrays `[T, shots]` by name."""
  if accuracies:
    report.arrays.write(
        os.path.join(workdir, 'trials.npz'),
        **{
            f'{name}/{metric}': values
            for name, by_metric in accuracies.items()
            for metric, values in by_metric.items()
        },
    )
