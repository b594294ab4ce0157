"""Batches of base and novel examples: shares, weights, what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import types
from lsl_jax.lowshot import balance

BASE = types.Base(
    jnp.zeros((3, 2)),
    features=jnp.arange(12.0).reshape(6, 2),
    labels=jnp.array([0, 0, 0, 0, 1, 2]),
)
SUPPORT = types.Support(
    -jnp.arange(6.0).reshape(3, 2), jnp.array([1, 0, 1]), num_classes=2
)


def _frequencies(name, pool, batch_size):
  draw = balance.sampler(name, pool, batch_size)
  rows = jax.jit(jax.vmap(draw))(jax.random.split(jax.random.key(0), 2000))
  return rows, np.bincount(rows.reshape(-1), minlength=9) / rows.size


def test_a_pool_joins_labels_and_finds_features():
  pool = balance.pool(BASE, SUPPORT)
  assert pool.labels.tolist() == [0, 0, 0, 0, 1, 2, 4, 3, 4]
  features = pool.features(jnp.array([8, 1, 6]))
  assert features.tolist() == [[-4, -5], [2, 3], [-0.0, -1]]


def test_the_paper_draws_classes_then_examples():
  pool = balance.pool(BASE, SUPPORT)
  expected = [1 / 20] * 4 + [1 / 5, 1 / 5, 1 / 10, 1 / 5, 1 / 10]
  _, frequencies = _frequencies('paper', pool, 10)
  np.testing.assert_allclose(frequencies, expected, atol=0.015)
  np.testing.assert_allclose(
      balance.weights('paper', pool, 10), expected, rtol=1e-6
  )


def test_the_authors_draw_a_fixed_number_of_different_base_images():
  pool = balance.pool(BASE, SUPPORT)
  rows, frequencies = _frequencies('authors', pool, 7)  # round(3 / 5 * 7) = 4
  np.testing.assert_array_equal((rows < 6).sum(1), 4)
  ordered = np.sort(rows[:, :4], axis=1)
  assert (ordered[:, 1:] > ordered[:, :-1]).all()
  expected = [4 / 42] * 6 + [3 / 21] * 3
  np.testing.assert_allclose(frequencies, expected, atol=0.015)
  np.testing.assert_allclose(
      balance.weights('authors', pool, 7), expected, rtol=1e-6
  )


@pytest.mark.parametrize('name', balance.BALANCES)
def test_classes_without_examples_and_missing_base_classes_are_passed_over(
    name,
):
  support = SUPPORT.replace(num_classes=5)
  pool = balance.pool(types.Base(jnp.zeros((0, 2))), support)
  rows = balance.sampler(name, pool, 64)(jax.random.key(0))
  assert sorted(set(rows.tolist())) == [0, 1, 2]
  assert pool.features(rows).shape == (64, 2)
  np.testing.assert_allclose(balance.weights(name, pool, 64).sum(), 1)


def test_views_count_as_examples():
  views = jnp.stack([SUPPORT.features, SUPPORT.features + 100], axis=1)
  pool = balance.pool(BASE, SUPPORT.replace(features=views))
  assert pool.labels[6:].tolist() == [4, 4, 3, 3, 4, 4]
  assert pool.features(jnp.array([7])).tolist() == [[100, 99]]


def test_half_precision_is_widened():
  base = BASE.replace(features=BASE.features.astype(jnp.float16))
  pool = balance.pool(base, SUPPORT)
  assert pool.features(jnp.array([0])).dtype == jnp.float32


def test_base_classes_without_examples_are_refused():
  with pytest.raises(ValueError, match=r'3 base classes without base\.feature'):
    balance.pool(types.Base(jnp.zeros((3, 2))), SUPPORT)
