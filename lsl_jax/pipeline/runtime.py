"""What a program does before JAX first looks for devices.

Only the command line calls this: a library must not set flags of its host.
"""

import importlib.metadata
import importlib.util
import os
import sys
import warnings

from absl import logging

# Without it XLA's CPU compiler of jaxlib 0.10.2 sends convolutions to YNNPACK,
# which makes training steps 5 to 25 % longer than Eigen's on the machine where
# it was measured (experiments/benchmarks). An unknown flag aborts, so it is set
# for exactly the version that was measured.
_CONVOLUTIONS = '--xla_cpu_experimental_ynn_fusion_type=-individual_convolution'
_MEASURED_JAXLIB = '0.10.2'


def start(
    coordinator: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
) -> None:
  """Sets flags and compilation cache, then joins the processes.

  Args:
    coordinator: `host:port` of process 0; None for a single process, and where
      a cluster (SLURM, a TPU pod, ...) launched several.
    num_processes: how many there are, with a coordinator.
    process_id: which one this is, likewise.
  """
  if importlib.metadata.version(
      'jaxlib'
  ) == _MEASURED_JAXLIB and _CONVOLUTIONS.split('=')[0] not in os.environ.get(
      'XLA_FLAGS', ''
  ):
    os.environ['XLA_FLAGS'] = (
        f'{os.environ.get("XLA_FLAGS", "")} {_CONVOLUTIONS}'.strip()
    )
  import jax  # pylint: disable=import-outside-toplevel

  cache = os.environ.get('JAX_COMPILATION_CACHE_DIR') or os.path.join(
      os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'),
      'lsl_jax',
      'xla',
  )
  jax.config.update('jax_compilation_cache_dir', cache)
  if not sys.stderr.isatty():
    logging.set_verbosity(logging.WARNING)
  warnings.filterwarnings('ignore', message='.*donated buffers.*')

  from lsl_jax.training import distributed  # pylint: disable=import-outside-toplevel

  distributed.initialize(coordinator, num_processes, process_id)
