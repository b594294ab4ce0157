"""Norms of features against loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses

PENALTIES = pytest.mark.parametrize(
    'penalty', [losses.feature_l2, losses.feature_l1]
)


@pytest.mark.parametrize('factor', [1.0, 0.5])
def test_l2_is_the_sum_of_squares_times_the_factor(rng, factor):
  features = rng.normal(size=(5, 7))
  expected = [factor * sum(v * v for v in row) for row in features]
  got = losses.feature_l2(jnp.asarray(features, jnp.float32), factor=factor)
  np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_l1_is_the_sum_of_absolute_values(rng):
  features = rng.normal(size=(5, 7))
  expected = [sum(abs(v) for v in row) for row in features]
  got = losses.feature_l1(jnp.asarray(features, jnp.float32))
  np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_unless_told_otherwise_l2_is_the_papers():
  assert losses.feature_l2(jnp.array([[2.0]])) == 4


def test_gradients_are_twice_the_features_and_their_signs(rng):
  features = jnp.asarray(rng.normal(size=(3, 4)), jnp.float32).at[0, 0].set(0)
  l2, l1 = (
      jax.grad(lambda x, f=f: jnp.sum(f(x)))(features)
      for f in (losses.feature_l2, losses.feature_l1)
  )
  np.testing.assert_allclose(l2, 2 * features)
  np.testing.assert_array_equal(l1, jnp.sign(features))


@PENALTIES
def test_values_and_gradients_are_finite_at_extremes(penalty):
  for size in (0.0, -1e-30, 1e18):
    values, pullback = jax.vjp(penalty, jnp.full((2, 3), size))
    assert np.isfinite(values).all()
    assert np.isfinite(pullback(jnp.ones(2))[0]).all()


@PENALTIES
def test_shapes_that_do_not_fit_are_refused(penalty):
  with pytest.raises(AssertionError, match='rank'):
    penalty(jnp.ones(3))
