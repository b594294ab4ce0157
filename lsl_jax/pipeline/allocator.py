"""An allocator that keeps what the next training step needs again, on a CPU.

XLA's CPU client allocates a step's temporary memory anew each time, and glibc
returns what is larger than 32 MB to the system as soon as it is free, so that
every step waits for each of its pages to be mapped and cleared: 17,800 page
faults and a quarter of the processors' time in training Conv-4 with batches of
128 images (experiments/benchmarks/training_step.py).
"""

import importlib.metadata
import importlib.util
import os
import platform
import sys

VARIABLE = 'GLIBC_TUNABLES'
# Huge pages where Linux gives them to those who ask, no mappings of their own
# for large blocks, and what is free stays with the process. Not by `mallopt`:
# it knows no huge pages, and what is free stays in the first arena alone. With
# a single arena XLA's threads wait for each other.
TUNABLES = ':'.join(
    (
        'glibc.malloc.hugetlb=1',
        'glibc.malloc.mmap_max=0',
        'glibc.malloc.trim_threshold=1099511627776',
    )
)


def restart() -> None:
  """Starts this program anew in its own process, its allocator set.

  glibc reads its settings before the program begins, so this comes first, while
  nothing is open or computed that would be lost. The process keeps its number,
  its arguments, and what it reads from and writes to.

  Nothing is done where the allocator has been configured by the environment
  (an empty `GLIBC_TUNABLES` counts, too), where it is not glibc's, and where
  JAX may find an accelerator.
  """
  configured = VARIABLE in os.environ or any(
      name.startswith('MALLOC_') for name in os.environ
  )
  if configured or platform.libc_ver()[0] != 'glibc' or not _on_cpu():
    return
  sys.stdout.flush()
  sys.stderr.flush()
  os.execve(
      sys.executable,
      [sys.executable, *sys.orig_argv[1:]],
      {**os.environ, VARIABLE: TUNABLES},
  )


def _on_cpu() -> bool:
  """Whether JAX will compute on the CPU, told without importing it."""
  platforms = os.environ.get('JAX_PLATFORMS')
  if platforms:
    return platforms.split(',')[0] == 'cpu'
  return not (
      importlib.metadata.entry_points(group='jax_plugins')
      or importlib.util.find_spec('libtpu')
  )
