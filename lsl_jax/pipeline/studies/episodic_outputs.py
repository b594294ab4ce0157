"""Numbers of episodic evaluation as rows of results, their note and figures."""

from collections.abc import Mapping
import os
from typing import Any

import numpy as np

from lsl_jax import report
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.studies import outputs

# By learner and shots, then by metric, fractions of every task, [T].
Accuracies = Mapping[tuple[str, int], Mapping[str, np.ndarray]]


def rows(config: Any, accuracies: Accuracies) -> list[dict[str, Any]]:
  """One row a learner, number of shots and split.

  Args:
    config: the whole config.
    accuracies: of every task, as `episodic_study.measure` has them.

  Returns:
    Rows for `report.results`; half-widths are of 95 % intervals over tasks.
  """
  return [
      outputs.row(name, metric, shots, values, way=config.episodes.way)
      for (name, shots), by_metric in accuracies.items()
      for metric, values in by_metric.items()
  ]


def note(config: Any, task: task_lib.Task, hashes: dict[str, str]) -> str:
  """What the numbers are, with the name of the tasks at every shot."""
  wanted = config.episodes
  base = (
      f' Base classes: {wanted.base_queries} held-out images a task, among the'
      f' {task.num_base} base classes; all classes: both, among base classes'
      " and the task's together."
      if wanted.base_queries
      else ''
  )
  listed = ', '.join(f'{shots}-shot {name}' for shots, name in hashes.items())
  return (
      f'Mean accuracy and 95 % interval over {wanted.tasks} tasks of'
      f' {wanted.way} classes with {wanted.queries} queries each. Novel'
      f" classes: among the task's own.{base} Seed {config.seed}; tasks:"
      f' {listed}.'
  )


def figures(
    config: Any, results: list[dict[str, Any]], workdir: str
) -> list[str]:
  """Draws accuracy against shots, and learning curves.

  Returns:
    Paths relative to the workdir.
  """
  drawn = {}
  if len(config.evaluation.shots) > 1:
    splits = [
        s for s in ('novel', 'all') if any(r['split'] == s for r in results)
    ]
    drawn['accuracy'] = report.accuracy_against_shots(
        results, splits=splits, chance=1 / config.episodes.way
    )
  logged = outputs.learned(os.path.join(workdir, report.METRICS_FILE))
  if logged:
    drawn['learning'] = report.learning(logged)
  for name, figure in drawn.items():
    report.save(figure, os.path.join(workdir, 'figures', f'{name}.png'))
  return [os.path.join('figures', f'{name}.png') for name in drawn]
