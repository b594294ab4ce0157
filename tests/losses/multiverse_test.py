"""The multiverse penalty against loops in float64."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses


@pytest.mark.parametrize('num_heads', [1, 2, 4])
def test_agrees_with_the_definition(rng, num_heads):
  weights = rng.normal(size=(num_heads, 3, 5))
  expected = [
      sum(
          abs(sum(weights[r, c, d] * weights[s, c, d] for d in range(5)))
          for r, s in itertools.combinations(range(num_heads), 2)
      )
      for c in range(3)
  ]
  got = losses.multiverse(jnp.asarray(weights, jnp.float32))
  np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_orthogonal_heads_cost_nothing_and_are_left_where_they_are():
  weights = jnp.eye(3).reshape(3, 1, 3)
  values, pullback = jax.vjp(losses.multiverse, weights)
  np.testing.assert_array_equal(values, [0.0])
  np.testing.assert_array_equal(pullback(jnp.ones(1))[0], 0 * weights)


def test_classes_of_one_head_may_overlap():
  head = jnp.ones((1, 4, 2))
  other = jnp.tile(jnp.array([1.0, -1.0]), (1, 4, 1))
  np.testing.assert_array_equal(
      losses.multiverse(jnp.concatenate([head, other])), jnp.zeros(4)
  )


def test_a_step_against_the_gradient_turns_heads_apart(rng):
  weights = jnp.asarray(rng.normal(size=(2, 3, 6)), jnp.float32)
  slopes = jax.grad(lambda w: jnp.sum(losses.multiverse(w)))(weights)
  moved = losses.multiverse(weights - 0.01 * slopes)
  assert (moved < losses.multiverse(weights)).all()


def test_values_and_gradients_are_finite_at_extremes():
  for size in (0.0, 1e-30, 1e18):
    values, pullback = jax.vjp(losses.multiverse, jnp.full((3, 2, 4), size))
    assert np.isfinite(values).all()
    assert np.isfinite(pullback(jnp.ones(2))[0]).all()


def test_shapes_that_do_not_fit_are_refused():
  with pytest.raises(AssertionError, match='rank'):
    losses.multiverse(jnp.ones((3, 2)))
