"""The command line: `python -m lsl_jax.main --config=configs/NAME.py`.

A config is a Python file with `get_config(variant)`; variants follow a colon
and are joined by commas (`configs/imprint_cub.py:finetune,smoke`); any key is
set by `--config.a.b=value`. Everything that a run makes goes to `--workdir`,
and the same command started again goes on where it was.
"""

import signal
import sys

from absl import app, flags, logging
from ml_collections import config_flags

from lsl_jax.pipeline import allocator, runtime
from lsl_jax.pipeline.settings import overrides

_CONFIG = config_flags.DEFINE_config_file(
    'config',
    None,
    'Config file, then its variants after a colon.',
    lock_config=True,
)
_WORKDIR = flags.DEFINE_string(
    'workdir', None, 'Folder for all that the run makes; made when missing.'
)
_COORDINATOR = flags.DEFINE_string(
    'coordinator',
    None,
    'host:port of process 0, for several processes that no cluster launched.',
)
_NUM_PROCESSES = flags.DEFINE_integer(
    'num_processes', None, 'How many processes take part.'
)
_PROCESS_ID = flags.DEFINE_integer(
    'process_id', None, 'Which of them this one is, from 0.'
)


def _parse(argv: list[str]) -> list[str]:
  """Parses flags; what does not fit ends in a line that says what does."""
  try:
    rest = flags.FLAGS(argv)
    if _CONFIG.value is not None:
      _CONFIG.value.keys()  # raises only now where there is no such file
  except (
      AttributeError,
      KeyError,
      OSError,
      TypeError,
      ValueError,
      flags.Error,
  ) as error:
    sys.exit(f'lsl_jax: {overrides.explain(argv, error)}')
  return rest


def main(argv: list[str]) -> None:
  """Runs one config."""
  if len(argv) > 1:
    sys.exit(f'lsl_jax: arguments without a flag: {" ".join(argv[1:])}')
  if _CONFIG.value is None or _WORKDIR.value is None:
    sys.exit(
        'lsl_jax: needs --config=configs/NAME.py and --workdir=FOLDER, e.g. '
        '--config=configs/imprint_glyphs.py --workdir=runs/imprint_glyphs'
    )
  runtime.start(_COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value)
  # Only now: importing it initialises nothing, but jax must see start's flags.
  from lsl_jax.pipeline import run  # pylint: disable=import-outside-toplevel

  try:
    run.run(_CONFIG.value, _WORKDIR.value)
  except run.Preempted as error:
    print(f'lsl_jax: {error}', file=sys.stderr)
    sys.exit(128 + signal.SIGTERM)  # as a shell reports a terminated program
  except run.ERRORS as error:
    logging.debug('where it was raised', exc_info=True)
    sys.exit(f'lsl_jax: {error}')


if __name__ == '__main__':
  allocator.restart()
  app.run(main, flags_parser=_parse)
