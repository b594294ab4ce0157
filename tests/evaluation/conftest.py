"""A small generalized task: 4 base classes, 3 novel ones, 7 draws of 5."""

import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import types

C, N, D = 4, 3, 6


def _draws(rng, trials, shots=5):
  """Nested draws from pools of 8, class by class."""
  return np.stack(
      [
          np.stack([8 * c + rng.permutation(8)[:shots] for c in range(N)])
          for _ in range(trials)
      ]
  ).astype(np.int32)


@pytest.fixture
def task(rng):
  """Base, pool, draws, queries and labels; classes hard to tell apart."""
  centres = rng.normal(size=(C + N, D))
  labels = rng.permutation(np.arange(41) % (C + N)).astype(np.int32)
  queries = centres[labels] + 1.5 * rng.normal(size=(41, D))
  pool = centres[C + np.arange(8 * N) // 8] + 1.5 * rng.normal(size=(8 * N, D))
  arrays = [centres[:C], pool, queries]
  base, pool, queries = (np.asarray(a, np.float32) for a in arrays)
  return types.Base(jnp.asarray(base)), pool, _draws(rng, 7), queries, labels
