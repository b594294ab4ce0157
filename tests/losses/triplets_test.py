"""The triplet loss against loops in float64."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses


def _triplet(anchor, positive, negative, margin):
  return [
      max(math.dist(p, a) - math.dist(n, a) + margin, 0.0)
      for a, p, n in zip(anchor, positive, negative, strict=True)
  ]


@jax.jit
def _with_gradients(anchor, positive, negative):
  values, pullback = jax.vjp(
      lambda *points: losses.triplet(*points, margin=0.5),
      anchor,
      positive,
      negative,
  )
  return values, pullback(jnp.ones_like(values))


@pytest.mark.parametrize('margin', [0.0, 1.0])
def test_agrees_with_the_equation(rng, margin):
  points = rng.normal(size=(3, 12, 4))
  expected = _triplet(*points, margin)
  got = losses.triplet(*jnp.asarray(points, jnp.float32), margin=margin)
  assert 0 in expected  # the hinge cuts some off
  np.testing.assert_allclose(got, expected, atol=1e-5)


def test_the_gradient_moves_along_unit_vectors():
  # Distances are not squared: far and near pull with the same force.
  anchor, positive = jnp.zeros((1, 2)), jnp.array([[300.0, 400.0]])
  negative = jnp.array([[0.0, 2.0]])
  _, (at_anchor, at_positive, at_negative) = _with_gradients(
      anchor, positive, negative
  )
  np.testing.assert_allclose(at_positive, [[0.6, 0.8]], rtol=1e-6)
  np.testing.assert_allclose(at_negative, [[0.0, -1.0]], rtol=1e-6)
  np.testing.assert_allclose(at_anchor, [[-0.6, 0.2]], rtol=1e-6)


def test_a_negative_beyond_the_margin_costs_and_pulls_nothing():
  values, slopes = _with_gradients(
      jnp.zeros((1, 2)), jnp.array([[1.0, 0.0]]), jnp.array([[1.6, 0.0]])
  )
  np.testing.assert_array_equal(values, [0.0])
  for slope in slopes:
    np.testing.assert_array_equal(slope, jnp.zeros((1, 2)))


@pytest.mark.parametrize('size', [0.0, 1e-25, 1.0, 1e15])
def test_coincident_and_distant_points_give_finite_numbers(size):
  point = jnp.full((1, 3), size)
  other = jnp.array([[-1.0, 0.5, 0.0]]) * size
  for triplet in (
      (point, point, point),
      (point, point, other),
      (point, other, point),
      (point, other, -other),
  ):
    for numbers in jax.tree.leaves(_with_gradients(*triplet)):
      assert np.isfinite(numbers).all()


def test_where_all_coincide_the_margin_is_the_cost():
  values, _ = _with_gradients(*[jnp.ones((2, 3))] * 3)
  np.testing.assert_array_equal(values, [0.5, 0.5])


def test_shapes_that_do_not_fit_are_refused():
  with pytest.raises(AssertionError, match='shape'):
    losses.triplet(
        jnp.ones((3, 2)), jnp.ones((3, 2)), jnp.ones((4, 2)), margin=1.0
    )
  with pytest.raises(AssertionError, match='rank'):
    losses.triplet(jnp.ones(2), jnp.ones(2), jnp.ones(2), margin=1.0)
