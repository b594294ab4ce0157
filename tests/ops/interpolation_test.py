"""Interpolation on the sphere against angles measured in float64."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import ops


def _units(rng, *shape):
  vectors = rng.normal(size=shape)
  vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
  return vectors


def _slerp(start, end, t):
  """Equation 3, one vector at a time."""
  theta = math.acos(sum(a * b for a, b in zip(start, end, strict=True)))
  return [
      math.sin((1 - t) * theta) / math.sin(theta) * a
      + math.sin(t * theta) / math.sin(theta) * b
      for a, b in zip(start, end, strict=True)
  ]


def test_slerp_is_the_papers_formula(rng):
  start, end = _units(rng, 2, 20, 128)
  ts = rng.uniform(size=20)
  got = ops.slerp(*(jnp.asarray(x, jnp.float32) for x in (start, end, ts)))
  expected = [_slerp(*row) for row in zip(start, end, ts, strict=True)]
  np.testing.assert_allclose(got, expected, atol=2e-6)


@pytest.mark.parametrize('gap', [1.0, 1e-2, 1e-4, 1e-6, 0.0])
@pytest.mark.parametrize('opposite', [False, True])
def test_paths_are_even_and_of_unit_length_at_any_angle(rng, gap, opposite):
  start, aside = np.linalg.qr(rng.normal(size=(9, 2)))[0].T
  angle = math.pi - gap if opposite else gap
  end = math.cos(angle) * start + math.sin(angle) * aside
  start, end = jnp.asarray(start, jnp.float32), jnp.asarray(end, jnp.float32)
  ts = jnp.linspace(0, 1, 9)
  path = jax.vmap(ops.slerp, (None, None, 0))(start, end, ts)
  np.testing.assert_allclose(jnp.linalg.norm(path, axis=-1), 1, atol=1e-6)
  np.testing.assert_array_equal(path[0], start)
  np.testing.assert_array_equal(path[-1], end)
  wide = np.asarray(path, np.float64)
  steps = 2 * np.arcsin(np.linalg.norm(np.diff(wide, axis=0), axis=-1) / 2)
  np.testing.assert_allclose(steps, angle / 8, atol=2e-5)


def test_coincident_codes_stay_where_they_are(rng):
  code = jnp.asarray(_units(rng, 5, 16), jnp.float32)
  np.testing.assert_allclose(ops.slerp(code, code, 0.3), code, atol=1e-7)


def test_opposite_codes_meet_halfway_at_a_right_angle(rng):
  code = jnp.asarray(_units(rng, 5, 16), jnp.float32)
  middle = ops.slerp(code, -code, 0.5)
  np.testing.assert_allclose(jnp.sum(middle * code, -1), 0, atol=1e-6)
  np.testing.assert_allclose(jnp.linalg.norm(middle, axis=-1), 1, atol=1e-6)


def test_gradients_are_finite_everywhere_and_right_where_smooth(rng):
  start, end, weights = _units(rng, 3, 7)

  def value(start, end, t):
    return jnp.sum(ops.slerp(start, end, t) * weights.astype('f'))

  gradient = jax.jit(jax.grad(value, (0, 1, 2)))
  s, e = start.astype('f'), end.astype('f')
  for other in (e, s, -s):
    for t in (0.0, 0.4, 1.0):
      for part in gradient(s, other, t):
        assert np.isfinite(part).all()
  # Along the path the derivative is that of the formula.
  theta = math.acos(start @ end)
  by_hand = (
      theta
      * (-math.cos(0.6 * theta) * start + math.cos(0.4 * theta) * end)
      @ weights
      / math.sin(theta)
  )
  np.testing.assert_allclose(gradient(s, e, 0.4)[2], by_hand, rtol=1e-4)
  # Around a point at which both codes coincide, slerp is a weighted mean.
  tangent = weights - (weights @ start) * start
  by_start, by_end, _ = gradient(s, s, 0.25)
  np.testing.assert_allclose(by_start, 0.75 * tangent, atol=1e-5)
  np.testing.assert_allclose(by_end, 0.25 * tangent, atol=1e-5)


def _across(start, end):
  """Their angle, and what is orthogonal to start in their plane, in float64."""
  start, end = (np.asarray(x, np.float64) for x in (start, end))
  start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
  short = min(end - start, end + start, key=np.linalg.norm)
  across = short - (short @ start) * start
  angle = 2 * math.atan2(*(np.linalg.norm(end + s * start) for s in (-1, 1)))
  return angle, across / np.linalg.norm(across)


ANGLES = [1e-3, 1.0, math.pi / 2, 3.0, math.pi - 1e-4, math.pi - 1e-6]


@pytest.fixture(scope='module')
def pairs():
  """Two codes of 16 numbers for each of the angles, float32."""
  rng = np.random.default_rng(1)
  starts, ends = [], []
  for angle in ANGLES:
    start, aside = np.linalg.qr(rng.normal(size=(16, 2)))[0].T
    starts.append(start)
    ends.append(math.cos(angle) * start + math.sin(angle) * aside)
  return jnp.asarray(starts, jnp.float32), jnp.asarray(ends, jnp.float32)


@pytest.fixture(scope='module')
def derivatives(pairs):
  """By start, end and t, `[2, 6, 16, ...]`: at t = 0, and at t = 1."""
  jacobian = jax.jacfwd(ops.slerp, (0, 1, 2))
  each = jax.vmap(jax.vmap(jacobian, (0, 0, None)), (None, None, 0))
  return jax.jit(each)(*pairs, jnp.array([0.0, 1.0]))


def test_the_path_leaves_and_arrives_with_the_speed_of_the_angle(
    pairs, derivatives
):
  for i, (start, end) in enumerate(zip(*pairs, strict=True)):
    angle, across = _across(start, end)
    leaving = angle * across
    arriving = angle * (math.cos(angle) * across - math.sin(angle) * start)
    for got, expected in zip(
        derivatives[2][:, i], (leaving, arriving), strict=True
    ):
      np.testing.assert_allclose(got, expected, atol=1e-6 * angle)


def test_at_an_end_the_path_moves_with_that_end_alone(pairs, derivatives):
  for i, codes in enumerate(zip(*pairs, strict=True)):
    along = [np.eye(16) - np.outer(code, code) for code in codes]
    for side in (0, 1):
      for end in (0, 1):
        expected = along[end] if side == end else np.zeros((16, 16))
        got = derivatives[end][side, i]
        # The plane of nearly equal or opposite codes is less certain.
        atol = 3e-7 / math.sin(ANGLES[i])
        np.testing.assert_allclose(got, expected, atol=atol)


def test_gradients_backward_through_vmap_are_those_forward(pairs, derivatives):
  weights = np.linspace(-1, 1, 16, dtype=np.float32)
  value = lambda *arguments: jnp.sum(ops.slerp(*arguments) * weights)
  gradient = jax.jit(jax.vmap(jax.grad(value, (0, 1, 2)), (0, 0, None)))
  for side in (0, 1):
    found = gradient(*pairs, float(side))
    for got, jacobians in zip(found, derivatives, strict=True):
      expected = np.einsum('bi...,i->b...', jacobians[side], weights)
      np.testing.assert_allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize('gap', [1e-3, 1e-5, 1e-6, 1e-7])
def test_nearly_opposite_codes_keep_to_the_plane_in_which_they_lie(rng, gap):
  start, aside = np.linalg.qr(rng.normal(size=(128, 2)))[0].T
  end = -math.cos(gap) * start + math.sin(gap) * aside
  start, end = (jnp.asarray(x, jnp.float32) for x in (start, end))
  angle, across = _across(start, end)  # of the codes as they are rounded
  middle = ops.slerp(start, end, 0.5)
  expected = math.cos(angle / 2) * start + math.sin(angle / 2) * across
  np.testing.assert_allclose(middle, expected, atol=1e-6)


def test_lerp_goes_straight(rng):
  start, end = rng.normal(size=(2, 4, 3)).astype('f')
  ts = np.array([0, 0.25, 0.5, 1], 'f')
  got = ops.lerp(jnp.asarray(start), jnp.asarray(end), jnp.asarray(ts))
  np.testing.assert_allclose(
      got, start + ts[:, None] * (end - start), atol=1e-6
  )


@pytest.mark.parametrize('interpolate', [ops.slerp, ops.lerp])
def test_shapes_that_do_not_match_are_refused(interpolate):
  with pytest.raises(AssertionError):
    interpolate(jnp.ones((2, 3)), jnp.ones((2, 4)), 0.5)
  with pytest.raises(AssertionError):
    interpolate(jnp.ones((2, 3)), jnp.ones((2, 3)), jnp.ones(3))
