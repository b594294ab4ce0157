"""Small activations: the norms of features as penalties.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017.
"""

import chex
import jax
import jax.numpy as jnp


def feature_l2(features: jax.Array, *, factor: float = 1.0) -> jax.Array:
  r"""Squared Euclidean norm of each example's features.

  .. math:: f \, \lVert \phi(x) \rVert_2^2

  Args:
    features: :math:`\phi(x)`, `[B, D]`.
    factor: :math:`f`, which the paper does not have: one. The authors' program
      has a half, and its weight of 0.03 is meant for that.

  Returns:
    The penalty of each example, `[B]`, in squared feature units.

  References:
    Hariharan, Girshick 2017, eq. 12 (its penalty).

  >>> feature_l2(jnp.array([[3.0, -4.0]]))
  Array([25.], dtype=float32)
  """
  chex.assert_rank(features, 2)
  return factor * jnp.sum(jnp.square(features), -1)


def feature_l1(features: jax.Array) -> jax.Array:
  r"""Sum of the absolute values of each example's features.

  .. math:: \lVert \phi(x) \rVert_1

  The gradient is zero where a feature is zero.

  Args:
    features: :math:`\phi(x)`, `[B, D]`.

  Returns:
    The penalty of each example, `[B]`, in feature units.

  References:
    Hariharan, Girshick 2017, eq. 13 (its penalty).

  >>> feature_l1(jnp.array([[3.0, -4.0]]))
  Array([7.], dtype=float32)
  """
  chex.assert_rank(features, 2)
  # jnp.abs has the slope one at zero, where ReLU leaves many features.
  return jnp.sum(features * jnp.sign(features), -1)
