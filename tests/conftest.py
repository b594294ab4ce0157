"""Strict surroundings for every test: eight pretended devices, no promotion.

The environment is set before JAX is first imported. NPROC gives XLA's CPU
client enough threads for eight devices to meet in a collective on two cores.
"""

import contextlib
import os
import tempfile
import time
import tracemalloc

os.environ['NPROC'] = '32'
os.environ['JAX_PLATFORMS'] = 'cpu'
# No program shall start itself anew for its allocator's sake, least of all
# this one.
os.environ.setdefault('GLIBC_TUNABLES', '')
# Nearly all that tests compute is small and computed once: what they wait for
# is the compiler, which takes less time where it does not optimise.
os.environ['XLA_FLAGS'] = (
    '--xla_force_host_platform_device_count=8'
    ' --xla_backend_optimization_level=0'
)
# Workers and the programs that tests start share what one of them compiled,
# also the many small programs of operations outside `jit`.
os.environ.setdefault(
    'JAX_COMPILATION_CACHE_DIR',
    os.path.join(tempfile.gettempdir(), f'lsl_jax_test_cache_{os.getuid()}'),
)
os.environ.setdefault('JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS', '0')

import jax
import numpy as np
import pytest

jax.config.update('jax_numpy_rank_promotion', 'raise')


# Whole runs, which take longest: begun first, so that no worker is left alone
# with them in the end.
_LONG = ('tests/pipeline', 'tests/experiments', 'tests/notebooks_test.py')


def pytest_collection_modifyitems(items):
  items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


@pytest.fixture(scope='module', autouse=True)
def _nothing_compiled_is_kept():
  """Thousands of programs take gigabytes, and every collection of garbage."""
  yield
  jax.clear_caches()


@pytest.fixture(scope='session')
def one_device():
  """Environment of a program of its own, with a single device."""
  flags = os.environ['XLA_FLAGS'].replace('count=8', 'count=1')
  return {**os.environ, 'XLA_FLAGS': flags}


@pytest.fixture
def rng():
  """A NumPy generator with a fixed seed."""
  return np.random.default_rng(0)


@pytest.fixture(scope='session')
def within():
  """A context that must not take more seconds, nor reserve more bytes."""

  @contextlib.contextmanager
  def limits(most_seconds, most_bytes):
    tracemalloc.start()
    start = time.monotonic()
    try:
      yield
      seconds = time.monotonic() - start
      peak = tracemalloc.get_traced_memory()[1]
    finally:
      tracemalloc.stop()
    assert seconds < most_seconds
    assert peak < most_bytes

  return limits
