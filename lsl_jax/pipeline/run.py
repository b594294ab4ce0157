"""A run: config -> data -> phase 1 -> phase 2 -> report."""

from collections.abc import Iterator
import contextlib
import os
import platform
import time
from typing import Any

import flax
import jax
import numpy as np

import lsl_jax
from lsl_jax import data, report, training
from lsl_jax.data import encoded
from lsl_jax.pipeline import (
    config_checks,
    feature_learners,
    outputs,
    phase1,
    pictures,
    registry,
    sharing,
    sources,
    trained_learners,
)
from lsl_jax.pipeline import task as task_lib

Preempted = training.Preempted
# What a user can mend: shown as a message, not as a traceback.
ERRORS = (
    ImportError,
    OSError,
    ValueError,
    encoded.ImageError,
    training.CorruptCheckpointError,
    training.NonFiniteError,
    training.WorkdirError,
)
# Settings in which a run that goes on may differ from the one that began.
MAY_DIFFER = (
    'executor',
    'data.path',
    'data.workers',
    'data.memory_gb',
    'representation.workdir',
)


def run(config: Any, workdir: str) -> list[dict[str, Any]]:
  """Runs a config to its end, going on from what the workdir holds.

  Args:
    config: see `defaults.defaults`.
    workdir: for all that the run makes.

  Returns:
    The rows of results.json.

  Raises:
    one of `ERRORS`, or `Preempted` after SIGTERM.
  """
  config_checks.check(config)
  entries = {name: registry.LEARNERS[name] for name in config.learners}
  started = time.time()
  with (
      training.claim(workdir, config.to_dict(), may_differ=MAY_DIFFER),
      _unclaimed_unless_begun(workdir),
  ):
    if config.representation.workdir:
      sharing.take(config, workdir, may_differ=MAY_DIFFER)
    problem, validation = sources.load(config, workdir)
    task = task_lib.make_task(config, problem)
    by_features = [n for n in entries if entries[n].consumes != 'images']
    by_training = [n for n in entries if entries[n].consumes == 'images']
    trained = None
    if any(entry.make for entry in entries.values()):
      trained = phase1.train(config, problem, validation, workdir)
    accuracies = {}
    if trained is not None and by_features:
      accuracies = feature_learners.accuracies(
          config, task, trained, by_features, workdir
      )
    curves = list(
        trained_learners.outcomes(config, task, trained, by_training, workdir)
    )
    if jax.process_index() != 0:
      return []
    rows = outputs.rows(config, accuracies, curves)
    figures = outputs.figures(config, task, rows, curves, workdir)
    if trained is not None and by_features:
      figures += pictures.figures(config, task, trained, workdir)
    outputs.write_trials(workdir, accuracies)
    # Last, since this file tells that the run is finished.
    layouts = report.results.write(
        workdir,
        rows,
        title=outputs.title(config, task),
        note=outputs.note(config, task),
        metadata=_metadata(config, task, started),
        figures=figures,
    )
  for name, header, lines in layouts:
    report.tables.show(header, lines, title=name)
  print(f'Written to {os.path.join(workdir, "results.md")}')
  return rows


@contextlib.contextmanager
def _unclaimed_unless_begun(workdir: str) -> Iterator[None]:
  """Gives a folder back if the run fails before it has made anything there.

  The mistake may be in the config, and must be mended without another folder.
  """
  try:
    yield
  except Exception:
    claim = {'config.json', 'split.json', '.lock'}
    if jax.process_index() == 0 and claim.issuperset(os.listdir(workdir)):
      for name in claim - {'.lock'}:
        with contextlib.suppress(FileNotFoundError):
          os.remove(os.path.join(workdir, name))
    raise


def _metadata(
    config: Any, task: task_lib.Task, started: float
) -> dict[str, Any]:
  """What one must know to repeat a number."""
  device = jax.devices()[0]
  return {
      'config': config.to_dict(),
      'data': task.problem.name,
      'num_base': task.num_base,
      'num_novel': task.num_novel,
      'queries': len(task.queries),
      'draws': config.evaluation.draws,
      'draws_hash': data.episode_hash(task.draws),
      'seconds': round(time.time() - started, 1),
      'finished': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
      'hardware': (
          f'{jax.device_count()} x {device.device_kind} ({device.platform}),'
          f' {os.cpu_count()} cores, {platform.machine()}'
      ),
      'versions': {
          'lsl_jax': lsl_jax.__version__,
          'python': platform.python_version(),
          'jax': jax.__version__,
          'flax': flax.__version__,
          'numpy': np.__version__,
      },
  }
