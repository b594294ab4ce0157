"""Triplets: an example closer to one of its class than to one of another.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017.
"""

import chex
import jax
import jax.numpy as jnp


def triplet(
    anchor: jax.Array,
    positive: jax.Array,
    negative: jax.Array,
    *,
    margin: float,
) -> jax.Array:
  r"""Hinge on how much farther the negative is than the positive.

  .. math:: \max \big( \lVert \phi(x^+) - \phi(x) \rVert
      - \lVert \phi(x^-) - \phi(x) \rVert + \gamma, \; 0 \big)

  Distances are not squared. Where two points coincide, their distance has the
  gradient zero.

  Args:
    anchor: :math:`\phi(x)`, `[B, D]`.
    positive: :math:`\phi(x^+)` of the same classes, `[B, D]`.
    negative: :math:`\phi(x^-)` of other classes, `[B, D]`.
    margin: :math:`\gamma`, in units of distance; the paper gives no number.

  Returns:
    The loss of each triplet, `[B]`, in units of distance.

  References:
    Hariharan, Girshick 2017, eq. 14.

  >>> near, far = jnp.array([[3.0, 4.0]]), jnp.array([[0.0, 5.5]])
  >>> triplet(jnp.zeros((1, 2)), near, far, margin=1.0)  # 5 - 5.5 + 1
  Array([0.5], dtype=float32)
  """
  chex.assert_rank([anchor, positive, negative], 2)
  chex.assert_equal_shape([anchor, positive, negative])
  excess = _distances(positive, anchor) - _distances(negative, anchor)
  return jnp.maximum(excess + margin, 0)


def _distances(left: jax.Array, right: jax.Array) -> jax.Array:
  """Euclidean distances `[B]` of rows, with gradient zero at distance zero."""
  squared = jnp.sum(jnp.square(left - right), axis=-1)
  apart = squared > 0
  return jnp.where(apart, jnp.sqrt(jnp.where(apart, squared, 1)), 0)
