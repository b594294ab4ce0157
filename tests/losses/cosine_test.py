"""The cosine loss against loops in float64, and at its extremes."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses


def _loss(output, target):
  dot = sum(a * b for a, b in zip(output, target, strict=True))
  lengths = math.sqrt(sum(a * a for a in output)) * math.sqrt(
      sum(b * b for b in target)
  )
  return 1 - dot / lengths


@pytest.mark.parametrize('embedded', [False, True])
def test_is_the_definition(rng, embedded):
  outputs, labels = rng.normal(size=(6, 4)), rng.integers(0, 4, 6)
  targets = rng.normal(size=(4, 4)) if embedded else np.eye(4)
  got = losses.cosine_loss(
      jnp.asarray(outputs, jnp.float32),
      jnp.asarray(labels),
      targets=jnp.asarray(targets, jnp.float32) if embedded else None,
  )
  expected = [
      _loss(x, targets[y]) for x, y in zip(outputs, labels, strict=True)
  ]
  np.testing.assert_allclose(got, expected, atol=1e-6)


def test_is_half_the_squared_distance_of_unit_vectors(rng):
  outputs = jnp.asarray(rng.normal(size=(5, 3)), jnp.float32)
  labels = jnp.array([0, 1, 2, 0, 1])
  unit = outputs / jnp.linalg.norm(outputs, axis=-1, keepdims=True)
  distances = jnp.sum((unit - jnp.eye(3)[labels]) ** 2, -1)
  np.testing.assert_allclose(
      losses.cosine_loss(outputs, labels), distances / 2, atol=1e-6
  )


def test_scale_changes_nothing_and_directions_bound_it():
  outputs = jnp.array([[7.0, 0.0], [-7.0, 0.0], [0.0, 7.0]])
  labels = jnp.zeros(3, jnp.int32)
  for scale in (1e-3, 1.0, 1e10):
    np.testing.assert_allclose(
        losses.cosine_loss(scale * outputs, labels), [0, 2, 1], atol=1e-6
    )


def test_gradients_are_finite_at_zero_and_far_away():
  outputs = jnp.array([[0.0, 0.0], [1e15, -1e15]])
  gradient = jax.grad(
      lambda x: jnp.sum(losses.cosine_loss(x, jnp.array([0, 1])))
  )(outputs)
  assert np.isfinite(gradient).all()


def test_wrong_shapes_are_refused():
  with pytest.raises(AssertionError):
    losses.cosine_loss(jnp.zeros((2, 3)), jnp.zeros(3, jnp.int32))
  with pytest.raises(AssertionError):
    losses.cosine_loss(
        jnp.zeros((2, 3)), jnp.zeros(2, jnp.int32), targets=jnp.zeros((5, 4))
    )
