"""The perceptual loss against loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses

_SHAPES = ((2, 3, 3, 2), (2, 1, 2, 4))


def _maps(rng):
  return [rng.normal(size=shape) for shape in _SHAPES]


def _loss(ours, theirs, weights, example):
  total = 0.0
  for a, b, weight in zip(ours, theirs, weights, strict=True):
    a, b = a[example].ravel(), b[example].ravel()
    norm = 0.0
    for x, y in zip(a, b, strict=True):
      norm += abs(x - y)
    total += weight / len(a) * norm
  return total


@pytest.mark.parametrize('weights', [None, (0.5, 3.0)])
def test_is_equation_1_with_the_mean_of_each_map(rng, weights):
  ours, theirs = _maps(rng), _maps(rng)
  got = losses.perceptual(
      *([jnp.asarray(m, jnp.float32) for m in maps] for maps in (ours, theirs)),
      weights=weights,
  )
  expected = [_loss(ours, theirs, weights or (1, 1), i) for i in range(2)]
  np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_is_zero_with_a_finite_gradient_at_the_target(rng):
  maps = [jnp.asarray(m, jnp.float32) for m in _maps(rng)]
  value, gradient = jax.value_and_grad(
      lambda ours: jnp.sum(losses.perceptual(ours, maps))
  )(maps)
  assert value == 0
  assert all(np.isfinite(g).all() for g in gradient)


def test_maps_that_do_not_match_are_refused():
  one = jnp.zeros((1, 2, 2, 3))
  with pytest.raises(ValueError, match='2 generated maps, 1 target'):
    losses.perceptual([one, one], [one])
  with pytest.raises(ValueError, match='at least one'):
    losses.perceptual([], [])
  with pytest.raises(AssertionError):
    losses.perceptual([one], [one[:, :1]])
