"""Unit vectors, cosines and distances against loops in float64."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import ops

EXTREMES = [0.0, 1e-30, 1e-8, 1.0, 1e15]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-100, 100, width=32), min_size=4, max_size=4).filter(
        lambda x: math.hypot(*x) > 1e-3
    )
)
def test_unit_keeps_the_direction_and_has_length_one(x):
  got = np.asarray(ops.unit(jnp.array(x, jnp.float32)), np.float64)
  length = math.sqrt(sum(v * v for v in x))
  np.testing.assert_allclose(got, [v / length for v in x], atol=1e-6)


def test_unit_is_idempotent_and_blind_to_positive_scale(rng):
  x = jnp.asarray(rng.normal(size=(3, 5)), jnp.float32)
  np.testing.assert_allclose(ops.unit(ops.unit(x)), ops.unit(x), atol=1e-6)
  np.testing.assert_allclose(ops.unit(1000 * x), ops.unit(x), atol=1e-6)


def test_unit_leaves_zero_at_zero():
  np.testing.assert_array_equal(ops.unit(jnp.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize('size', EXTREMES)
def test_unit_and_its_gradient_are_finite(size):
  x = jnp.full(4, size)
  assert np.isfinite(ops.unit(x)).all()
  gradient = jax.grad(lambda x: jnp.sum(ops.unit(x) * jnp.arange(4.0)))(x)
  assert np.isfinite(gradient).all()


def test_units_gradient_is_orthogonal_to_its_argument(rng):
  x = jnp.asarray(rng.normal(size=6), jnp.float32)
  jacobian = jax.jacobian(ops.unit)(x)
  length = float(jnp.linalg.norm(x))
  expected = (np.eye(6) - np.outer(x, x) / length**2) / length
  np.testing.assert_allclose(jacobian, expected, atol=1e-6)


def test_unit_along_another_axis(rng):
  x = jnp.asarray(rng.normal(size=(3, 5)), jnp.float32)
  np.testing.assert_allclose(ops.unit(x, axis=0), ops.unit(x.T).T, rtol=1e-6)


@pytest.mark.parametrize('dtype', [jnp.float16, jnp.bfloat16])
def test_unit_in_half_precision_neither_overflows_nor_changes_type(dtype):
  x = jnp.array([300.0, 400.0], dtype)  # 400 squared exceeds float16's range
  got = ops.unit(x)
  assert got.dtype == dtype
  np.testing.assert_allclose(got.astype(jnp.float32), [0.6, 0.8], atol=4e-3)
  assert (ops.unit(jnp.zeros(2, dtype)) == 0).all()


@pytest.mark.parametrize('per_class', [False, True])
def test_cosine_logits_are_scaled_cosines(rng, per_class):
  features, templates = rng.normal(size=(2, 3, 4)), rng.normal(size=(5, 4))
  scale = rng.uniform(1, 9, size=5) if per_class else 7.0
  expected = np.zeros((2, 3, 5))
  for i in range(2):
    for j in range(3):
      for c in range(5):
        x, w = features[i, j], templates[c]
        cosine = sum(x * w) / math.sqrt(sum(x * x) * sum(w * w))
        expected[i, j, c] = (scale[c] if per_class else scale) * cosine
  got = jax.jit(ops.cosine_logits)(
      jnp.asarray(features, jnp.float32),
      jnp.asarray(templates, jnp.float32),
      jnp.asarray(scale, jnp.float32),
  )
  np.testing.assert_allclose(got, expected, atol=1e-5)


def test_with_scale_one_a_hundred_classes_leave_a_probability_of_0_069():
  # Section 4.1: cosine 1 with the right template, -1 with the 99 others.
  templates = jnp.where(jnp.arange(100)[:, None] == 0, 1.0, -1.0)
  logits = ops.cosine_logits(jnp.ones((1, 1)), templates)
  best = math.exp(1) / (math.exp(1) + 99 * math.exp(-1))
  np.testing.assert_allclose(jax.nn.softmax(logits)[0, 0], best, rtol=1e-5)
  np.testing.assert_allclose(best, 0.069, atol=6e-4)
  scaled = ops.cosine_logits(jnp.ones((1, 1)), templates, 10.0)
  assert jax.nn.softmax(scaled)[0, 0] > 0.999


def test_cosine_logits_of_no_class_are_empty():
  assert ops.cosine_logits(jnp.ones((2, 3)), jnp.ones((0, 3))).shape == (2, 0)


def test_cosine_logits_refuse_shapes_that_do_not_fit():
  with pytest.raises(AssertionError, match='dimension'):
    ops.cosine_logits(jnp.ones((2, 3)), jnp.ones((5, 4)))
  with pytest.raises(AssertionError, match='shape'):
    ops.cosine_logits(jnp.ones((2, 4)), jnp.ones((5, 4)), jnp.ones(3))
  with pytest.raises(AssertionError, match='rank'):
    ops.cosine_logits(jnp.ones((2, 4)), jnp.ones(4))


def test_squared_distances_against_loops(rng):
  left, right = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
  expected = [[sum((x - y) ** 2) for y in right] for x in left]
  got = ops.squared_distances(
      jnp.asarray(left, jnp.float32), jnp.asarray(right, jnp.float32)
  )
  np.testing.assert_allclose(got, expected, atol=1e-5)


def test_squared_distances_of_coincident_rows_are_never_negative(rng):
  x = jnp.asarray(100 * rng.normal(size=(20, 7)), jnp.float32)
  assert (ops.squared_distances(x, x) >= 0).all()


def test_distances_of_unit_vectors_are_two_less_two_cosines(rng):
  x = ops.unit(jnp.asarray(rng.normal(size=(4, 3)), jnp.float32))
  y = ops.unit(jnp.asarray(rng.normal(size=(5, 3)), jnp.float32))
  np.testing.assert_allclose(  # eq. 3
      ops.squared_distances(x, y), 2 - 2 * ops.cosine_logits(x, y), atol=1e-6
  )


def test_squared_distances_refuse_other_widths():
  with pytest.raises(AssertionError, match='dimension'):
    ops.squared_distances(jnp.ones((2, 3)), jnp.ones((2, 4)))
