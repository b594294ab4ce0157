"""A run: a claimed workdir, the study that the config asks for, its results."""

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
from lsl_jax import report, training
from lsl_jax.data.reading import encoded
from lsl_jax.pipeline import choices, studies
from lsl_jax.pipeline.settings import defaults

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


def run(config: Any, workdir: str) -> list[dict[str, Any]]:
  """Runs a config to its end, going on from what the workdir holds.

  Args:
    config: see `defaults.defaults`.
    workdir: for all that the run makes.

  Returns:
    The rows of results.json; none in all processes but the first.

  Raises:
    one of `ERRORS`, or `Preempted` after SIGTERM.
  """
  study = choices.choose(
      studies.STUDIES, config.evaluation.protocol, 'evaluation.protocol'
  )
  study.check(config)
  started = time.time()
  with claim(config, workdir), _unclaimed_unless_begun(workdir):
    outcome = study.run(config, workdir)
    if outcome is None:
      return []
    # Last, since this file tells that the run is finished.
    layouts = report.results.write(
        workdir,
        outcome.rows,
        title=outcome.title,
        note=outcome.note,
        metadata={**_metadata(config, started), **outcome.metadata},
        figures=outcome.figures,
    )
  for name, header, lines in layouts:
    report.tables.show(header, lines, title=name)
  print(f'Written to {os.path.join(workdir, "results.md")}')
  return outcome.rows


def claim(config: Any, workdir: str) -> training.Workdir:
  """Makes a folder this config's own; see `training.claim`."""
  return training.claim(
      workdir,
      config.to_dict(),
      defaults=defaults.defaults().to_dict(),
      may_differ=defaults.MAY_DIFFER,
  )


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


def _metadata(config: Any, started: float) -> dict[str, Any]:
  """What one must know to repeat any run's numbers."""
  device = jax.devices()[0]
  return {
      'config': config.to_dict(),
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
