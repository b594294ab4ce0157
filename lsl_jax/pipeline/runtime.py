"""What a program does before JAX first looks for devices.

Only the command line calls this: a library must not set flags of its host.
"""

import ctypes
import importlib.metadata
import importlib.util
import mmap
import os
import platform
import sys
import warnings

from absl import logging

# Without it XLA's CPU compiler of jaxlib 0.10.2 sends convolutions to YNNPACK,
# which makes training steps 5 to 25 % longer than Eigen's on the machine where
# it was measured (experiments/benchmarks). An unknown flag aborts, so it is set
# for exactly the version that was measured.
_CONVOLUTIONS = '--xla_cpu_experimental_ynn_fusion_type=-individual_convolution'
_MEASURED_JAXLIB = '0.10.2'
# Parameters of glibc's mallopt and their values. One arena for all threads,
# no mappings of their own for large blocks, and what is free stays.
_ARENA_MAX, _MMAP_MAX, _TRIM_THRESHOLD = -8, -4, -1
_KEEP = {_ARENA_MAX: 1, _MMAP_MAX: 0, _TRIM_THRESHOLD: -1}
# Addresses for which huge pages are asked, in bytes, and Linux's name for that.
_RESERVED, _MADV_HUGEPAGE = 2**32, 14


def start(
    coordinator: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
) -> None:
  """Sets flags, allocator and compilation cache, then joins the processes.

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
  keep_memory()
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


def keep_memory() -> None:
  """Lets freed memory serve the next step, where arrays live on the CPU.

  XLA's CPU client allocates a step's temporary memory anew each time, and glibc
  returns what is larger than 32 MB to the system as soon as it is free, so that
  every step waits for each of its pages to be mapped and cleared: 45 % of the
  processors' time in training Conv-4 with batches of 64 or 128 images
  (experiments/benchmarks/training_step.py). The price is that this memory stays
  with the process. Its first 4 GiB come in huge pages where Linux gives them to
  those who ask. Must be called before there are other threads.

  Nothing is done where glibc's allocator is not used or has been configured by
  its environment variables, and where JAX may find an accelerator.
  """
  configured = 'glibc.malloc' in os.environ.get('GLIBC_TUNABLES', '') or any(
      name.startswith('MALLOC_') for name in os.environ
  )
  if configured or platform.libc_ver()[0] != 'glibc' or not _on_cpu():
    return
  libc = ctypes.CDLL(None)
  for parameter, value in _KEEP.items():
    libc.mallopt(parameter, value)
  _ask_for_huge_pages(libc)


def _ask_for_huge_pages(libc: ctypes.CDLL) -> None:
  """Makes the heap's next 4 GiB of addresses ones of huge pages.

  A block of that size extends the heap, and stays a part of it when it is
  freed. Nothing is written, so no memory is taken yet.
  """
  libc.malloc.restype = ctypes.c_void_p
  block = libc.malloc(ctypes.c_size_t(_RESERVED))
  if not block:  # addresses are limited here
    return
  page = mmap.PAGESIZE
  start, end = -(-block // page) * page, (block + _RESERVED) // page * page
  # Refused by a kernel without huge pages, which is no harm.
  libc.madvise(
      ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_HUGEPAGE
  )
  libc.free(ctypes.c_void_p(block))


def _on_cpu() -> bool:
  """Whether JAX will compute on the CPU, told without importing it."""
  platforms = os.environ.get('JAX_PLATFORMS')
  if platforms:
    return platforms.split(',')[0] == 'cpu'
  return not (
      importlib.metadata.entry_points(group='jax_plugins')
      or importlib.util.find_spec('libtpu')
  )
