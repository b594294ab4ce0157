"""Strict surroundings for every test: eight pretended devices, no promotion.

The environment is set before JAX is first imported. NPROC gives XLA's CPU
client enough threads for eight devices to meet in a collective on two cores.
"""

import os
import tempfile

os.environ['NPROC'] = '32'
os.environ['JAX_PLATFORMS'] = 'cpu'
# Nearly all that tests compute is small and computed once: what they wait for
# is the compiler, which takes half the time where it does not optimise.
os.environ['XLA_FLAGS'] = (
    '--xla_force_host_platform_device_count=8'
    ' --xla_backend_optimization_level=0'
    ' --xla_cpu_use_fusion_emitters=false'
)
# Workers and the programs that tests start share what one of them compiled.
os.environ.setdefault(
    'JAX_COMPILATION_CACHE_DIR',
    os.path.join(tempfile.gettempdir(), f'lsl_jax_test_cache_{os.getuid()}'),
)
os.environ.setdefault('JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS', '0.5')

import jax
import numpy as np
import pytest

jax.config.update('jax_numpy_rank_promotion', 'raise')


@pytest.fixture
def rng():
  """A NumPy generator with a fixed seed."""
  return np.random.default_rng(0)
