"""Cross-entropy against loops in float64."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses


def test_cross_entropy_is_minus_the_log_probability(rng):
  logits, labels = 3 * rng.normal(size=(6, 4)), rng.integers(0, 4, size=6)
  expected = [
      -math.log(math.exp(z[y]) / sum(math.exp(v) for v in z))
      for z, y in zip(logits, labels, strict=True)
  ]
  got = losses.cross_entropy(
      jnp.asarray(logits, jnp.float32), jnp.asarray(labels)
  )
  np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_the_gradient_is_probability_less_indicator(rng):
  logits = jnp.asarray(rng.normal(size=(1, 5)), jnp.float32)
  gradient = jax.grad(lambda z: losses.cross_entropy(z, jnp.array([2]))[0])(
      logits
  )
  expected = jax.nn.softmax(logits) - jax.nn.one_hot(jnp.array([2]), 5)
  np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_huge_logits_stay_finite():
  logits = jnp.array([[1e30, -1e30], [-1e30, 1e30]])
  values, pullback = jax.vjp(
      lambda z: losses.cross_entropy(z, jnp.array([0, 0])), logits
  )
  assert np.isfinite(values).all()
  assert np.isfinite(pullback(jnp.ones(2))[0]).all()


def test_shapes_that_do_not_fit_are_refused():
  with pytest.raises(AssertionError, match='prefix'):
    losses.cross_entropy(jnp.ones((3, 2)), jnp.zeros(4, jnp.int32))
  with pytest.raises(AssertionError, match='rank'):
    losses.cross_entropy(jnp.ones((3, 2)), jnp.zeros((3, 2)))
