"""Dense cross-entropy against loops, pooled cross-entropy, and extremes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses


def by_loops(logits, labels):
  """[B, R] in float64."""
  values = np.zeros(logits.shape[:2])
  for i, label in enumerate(labels):
    for k in range(logits.shape[1]):
      z = logits[i, k].astype(np.float64)
      values[i, k] = -np.log(np.exp(z[label]) / np.exp(z).sum())
  return values


@pytest.mark.parametrize('positions', ['sum', 'mean'])
def test_the_loss_is_that_of_every_position(rng, positions):
  logits = rng.normal(size=(4, 6, 5)).astype('f')
  labels = rng.integers(5, size=4)
  expected = getattr(np, positions)(by_loops(logits, labels), axis=1)
  np.testing.assert_allclose(
      losses.dense_cross_entropy(
          jnp.asarray(logits), jnp.asarray(labels), positions=positions
      ),
      expected,
      rtol=1e-5,
  )


def test_the_sum_is_the_default(rng):
  logits = jnp.asarray(rng.normal(size=(2, 3, 4)).astype('f'))
  labels = jnp.array([0, 3])
  np.testing.assert_array_equal(
      losses.dense_cross_entropy(logits, labels),
      losses.dense_cross_entropy(logits, labels, positions='sum'),
  )


def test_of_one_position_it_is_cross_entropy(rng):
  logits = jnp.asarray(rng.normal(size=(4, 1, 5)).astype('f'))
  labels = jnp.asarray(rng.integers(5, size=4))
  np.testing.assert_allclose(
      losses.dense_cross_entropy(logits, labels),
      losses.cross_entropy(logits[:, 0], labels),
      rtol=1e-6,
  )


def test_loss_and_gradient_are_finite_at_extremes():
  logits = jnp.array([[[1e4, -1e4], [-1e4, 1e4]]])
  value, gradient = jax.value_and_grad(
      lambda z: jnp.sum(losses.dense_cross_entropy(z, jnp.array([0])))
  )(logits)
  assert float(value) == 2e4
  assert bool(jnp.isfinite(gradient).all())


def test_the_gradient_of_a_position_is_the_softmax_error(rng):
  logits = jnp.asarray(rng.normal(size=(2, 3, 4)).astype('f'))
  labels = jnp.array([1, 2])
  gradient = jax.grad(lambda z: jnp.sum(losses.dense_cross_entropy(z, labels)))(
      logits
  )
  target = jax.nn.one_hot(labels, 4)[:, None]
  np.testing.assert_allclose(
      gradient, jax.nn.softmax(logits) - target, atol=1e-6
  )


def test_other_shapes_and_words_are_refused():
  with pytest.raises(AssertionError):
    losses.dense_cross_entropy(jnp.zeros((2, 3)), jnp.zeros(2, int))
  with pytest.raises(AssertionError):
    losses.dense_cross_entropy(jnp.zeros((2, 1, 3)), jnp.zeros(3, int))
  with pytest.raises(ValueError, match='accepted: sum, mean'):
    losses.dense_cross_entropy(
        jnp.zeros((1, 1, 2)), jnp.zeros(1, int), positions='max'
    )
