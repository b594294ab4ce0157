"""DeCov against loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses

_value_and_gradient = jax.jit(jax.value_and_grad(losses.decov))


def _decov(features):
  """The definition, one covariance at a time, less the diagonal."""
  batch_size, size = features.shape
  means = [sum(features[:, d]) / batch_size for d in range(size)]
  everything = diagonal = 0.0
  for d in range(size):
    for e in range(size):
      covariance = sum(
          (row[d] - means[d]) * (row[e] - means[e]) / batch_size
          for row in features
      )
      everything += covariance**2
      if d == e:
        diagonal += covariance**2
  return (everything - diagonal) / 2


@pytest.mark.parametrize('shape', [(9, 4), (3, 6)])
def test_agrees_with_the_definition(rng, shape):
  features = rng.normal(size=shape) @ rng.normal(size=(shape[1], shape[1]))
  value, _ = _value_and_gradient(jnp.asarray(features, jnp.float32))
  np.testing.assert_allclose(value, _decov(features), rtol=1e-4)


def test_the_gradient_agrees_with_finite_differences(rng):
  features = rng.normal(size=(5, 3))
  _, gradient = _value_and_gradient(jnp.asarray(features, jnp.float32))
  expected = np.zeros((5, 3))
  for index in np.ndindex(5, 3):
    step = np.zeros((5, 3))
    step[index] = 1e-6
    expected[index] = (_decov(features + step) - _decov(features - step)) / 2e-6
  np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_only_variation_counts(rng):
  features = jnp.asarray(rng.normal(size=(8, 3)), jnp.float32)
  np.testing.assert_allclose(
      losses.decov(features + 3.0), losses.decov(features), rtol=1e-4
  )


def test_features_that_vary_apart_cost_nothing():
  corners = jnp.array([[0.0, 0.0], [0.0, 5.0], [7.0, 0.0], [7.0, 5.0]])
  assert losses.decov(corners) == 0


def test_features_that_vary_alike_cost_their_variances():
  # Three features, all the same: three pairs of covariance 4.
  column = jnp.array([[-2.0], [2.0]])
  np.testing.assert_allclose(losses.decov(jnp.tile(column, (1, 3))), 3 * 16.0)


def test_one_example_and_extremes_have_finite_values_and_gradients():
  for features in (
      jnp.array([[1.0, 2.0]]),
      jnp.zeros((3, 2)),
      jnp.array([[1e-25, 0.0], [0.0, 1e-25]]),
      jnp.array([[1e8, 1e8], [-1e8, 1e8]]),
  ):
    value, gradient = _value_and_gradient(features)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
  assert losses.decov(jnp.array([[1.0, 2.0]])) == 0


def test_shapes_that_do_not_fit_are_refused():
  with pytest.raises(AssertionError, match='rank'):
    losses.decov(jnp.ones(3))
