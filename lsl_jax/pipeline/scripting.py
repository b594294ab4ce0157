"""What scripts that run configs share: options, configs, runs, and endings.

The scripts of experiments/ make the runs of a paper's tables in folders of
their own and read what these leave.
"""

import argparse
from collections.abc import Callable, Sequence
import os
import sys
from typing import Any

from absl import flags
from ml_collections import config_flags

from lsl_jax import report
from lsl_jax.pipeline import allocator, run, runtime
from lsl_jax.pipeline.settings import overrides


def parser(description: str | None) -> argparse.ArgumentParser:
  """The options of all scripts: `--workdir`, `--seeds` and `--set`."""
  result = argparse.ArgumentParser(
      description=description,
      formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  result.add_argument('--workdir', required=True, help='folder of all runs')
  result.add_argument(
      '--seeds', type=int, nargs='+', default=[0], help='a run of each for each'
  )
  result.add_argument(
      '--set',
      action='extend',
      nargs='+',
      default=[],
      dest='settings',
      metavar='KEY=VALUE',
      help='settings of the config, such as data.path=cifar100.npz',
  )
  return result


def load_config(spec: str, settings: Sequence[str]) -> Any:
  """A config with settings, as the command line of `lsl_jax.main` makes it.

  Args:
    spec: the file, then its variants after a colon.
    settings: `KEY=VALUE`, as `--config.KEY=VALUE` on the command line.

  Returns:
    The config.

  Raises:
    ValueError: the file, a variant or a setting does not exist.
  """
  for setting in settings:
    if '=' not in setting:
      raise ValueError(f'--set {setting}: expected KEY=VALUE')
  values = flags.FlagValues()
  argv = ['', f'--config={spec}', *(f'--config.{each}' for each in settings)]
  config_flags.DEFINE_config_file('config', flag_values=values, sys_argv=argv)
  try:
    values(argv)
    return values.config
  except (
      AttributeError,
      KeyError,
      TypeError,
      ValueError,
      OSError,
      flags.Error,
  ) as error:
    raise ValueError(overrides.explain(argv, error)) from error


def is_finished(folder: str) -> bool:
  """Whether a run has been brought to its end there."""
  return os.path.exists(os.path.join(folder, report.results.JSON_NAME))


def start(main: Callable[[], None]) -> None:
  """Runs a script; what its user can mend is shown as a message."""
  allocator.restart()
  runtime.start()
  try:
    main()
  except run.Preempted as error:
    sys.exit(f'{error}; the same command goes on from there')
  except run.ERRORS as error:
    sys.exit(f'{os.path.basename(sys.argv[0])}: {error}')
