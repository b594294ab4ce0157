"""Interpolation between latent codes: along the sphere, and straight.

References:
  Shoemake. Animating rotation with quaternion curves. SIGGRAPH 1985.
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020, section 3.2.
"""

import chex
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity

# Squared chord below which two codes are joined by a straight line: single
# precision cannot tell it from the arc.
_SAME = 1e-9
# Squared length below which what two codes have across each other counts as
# none, so that they are each other's opposites. What is found across is right
# to the last bits of the codes however short it is; this is as short as it may
# be for its gradient, which has the length's third power below the line.
_OPPOSITE = 1e-20


@jax.jit
def slerp(start: jax.Array, end: jax.Array, t: jax.Array | float) -> jax.Array:
  r"""Goes from one unit vector to another along the great circle.

  .. math:: \frac{\sin((1 - t)\vartheta)}{\sin\vartheta} q_1
      + \frac{\sin(t\vartheta)}{\sin\vartheta} q_2, \qquad
      \vartheta = \cos^{-1}(q_1 \cdot q_2)

  It is computed as :math:`\cos(t\vartheta)\, q_1 + \sin(t\vartheta)\, u` with
  the unit vector u that is orthogonal to :math:`q_1` in the plane of both,
  which is the same and does not divide by a small sine. Codes that coincide are
  joined by a straight line, which the formula tends to. Opposite codes have no
  plane of their own; the path between them goes through the axis to which
  :math:`q_1` is most nearly orthogonal. The result is scaled to length one and
  is `start` and `end` exactly at t = 0 and 1. Its gradient is finite
  everywhere, at the ends that of the path, and lies along the sphere: lengths
  of `start` and `end` are without effect on it.

  Args:
    start: :math:`q_1`, unit vectors, `[..., D]`, D at least two.
    end: :math:`q_2`, unit vectors, `[..., D]`.
    t: how far to go, in 0 .. 1: a number, or one a vector, `[...]`.

  Returns:
    Unit vectors, `[..., D]`.

  References:
    Azuri and Weinshall 2020, eq. 3, where the paper prints slerp(q1, q1; t).

  >>> third = slerp(jnp.array([1.0, 0.0]), jnp.array([0.0, 1.0]), 1 / 3)
  >>> [round(float(x), 3) for x in third]  # cosine and sine of 30 degrees
  [0.866, 0.5]
  """
  return _exact_at_ends(start, end, _column(start, end, t))


@jax.custom_jvp
def _exact_at_ends(start, end, t):
  """The path, without its last bits where it begins and ends."""
  path = _path(start, end, t)
  return jnp.where(t == 0, start, jnp.where(t == 1, end, path))


@_exact_at_ends.defjvp
def _exact_at_ends_jvp(primals, tangents):
  # The choice of an end would say that nothing depends on t there.
  return _exact_at_ends(*primals), jax.jvp(_path, primals, tangents)[1]


def _path(start, end, t):
  """The great circle, `[..., D]`, with t `[..., 1]`."""
  chord, sum_ = end - start, end + start
  squared = lambda x: jnp.sum(jnp.square(x), -1, keepdims=True)
  squared_chord, squared_sum = squared(chord), squared(sum_)
  # What is orthogonal to start, from whichever of both does not cancel. It is
  # projected rather than computed from lengths: those are off one by more than
  # there is across codes that are nearly opposite.
  across = jnp.where(squared_chord <= squared_sum, chord, sum_)
  share = jnp.sum(across * start, -1, keepdims=True) / squared(start)
  across = across - share * start
  same = squared_chord < _SAME
  opposite = ~same & (squared(across) < _OPPOSITE)
  across = jnp.where(same, 1.0, jnp.where(opposite, _aside(start), across))
  safe = same | opposite
  angle = 2 * jnp.arctan2(
      jnp.sqrt(jnp.where(safe, 1.0, squared_chord)),
      jnp.sqrt(jnp.where(safe, 1.0, squared_sum)),
  )
  angle = jnp.where(opposite, jnp.pi, angle)
  turned = jnp.cos(t * angle) * similarity.unit(start) + jnp.sin(
      t * angle
  ) * similarity.unit(across, eps=_OPPOSITE)
  return similarity.unit(jnp.where(same, start + t * chord, turned))


@jax.jit
def lerp(start: jax.Array, end: jax.Array, t: jax.Array | float) -> jax.Array:
  r"""Goes straight: :math:`(1 - t) q_1 + t q_2`, not of length one.

  Args:
    start: :math:`q_1`, `[..., D]`.
    end: :math:`q_2`, `[..., D]`.
    t: how far to go, in 0 .. 1: a number, or one a vector, `[...]`.

  Returns:
    `[..., D]`.

  >>> lerp(jnp.array([1.0, 0.0]), jnp.array([0.0, 1.0]), 0.25)
  Array([0.75, 0.25], dtype=float32)
  """
  t = _column(start, end, t)
  return (1 - t) * start + t * end


def _column(start, end, t):
  """Checks shapes; `t` as a column beside the vectors."""
  chex.assert_equal_shape([start, end])
  chex.assert_type([start, end], float)
  t = jnp.asarray(t, start.dtype)
  if t.ndim:
    chex.assert_shape(t, start.shape[:-1])
  return jnp.broadcast_to(t, start.shape[:-1])[..., None]


def _aside(vectors):
  """A unit vector orthogonal to each: its least axis without its share."""
  axis = jax.nn.one_hot(
      jnp.argmin(jnp.abs(vectors), -1), vectors.shape[-1], dtype=vectors.dtype
  )
  share = jnp.sum(axis * vectors, -1, keepdims=True)
  return similarity.unit(axis - share * vectors)
