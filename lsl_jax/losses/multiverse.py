"""Multiverse: several classifiers of the same classes, kept orthogonal.

References:
  Littwin, Wolf. The multiverse loss for robust transfer learning. CVPR 2016.
"""

import chex
import jax
import jax.numpy as jnp


def multiverse(weights: jax.Array) -> jax.Array:
  r"""Overlap of the rows that several heads have for one class.

  .. math:: \sum_{r < s} \big| w_{r c}^\top w_{s c} \big|

  Every head is trained by its own cross-entropy on the same features; this
  penalty keeps them from being copies of each other. Different classes of one
  head are left alone. The gradient is zero where rows are orthogonal.

  Args:
    weights: rows of H linear classifiers, `[H, C, D]`.

  Returns:
    The penalty of each class, `[C]`, in squared weight units; zero for one
    head.

  References:
    Littwin, Wolf 2016.
    Hariharan, Girshick. Low-shot visual recognition by shrinking and
    hallucinating features. ICCV 2017, section 5.2 (comparison).

  >>> heads = jnp.array([[[1.0, 2.0]], [[3.0, 0.0]], [[0.0, -1.0]]])
  >>> multiverse(heads)  # |3| + |-2| + |0|
  Array([5.], dtype=float32)
  """
  chex.assert_rank(weights, 3)
  overlaps = jnp.triu(jnp.einsum('rcd,scd->crs', weights, weights), k=1)
  # jnp.abs has the slope one at zero.
  return jnp.sum(overlaps * jnp.sign(overlaps), axis=(1, 2))
