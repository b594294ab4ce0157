"""Similarity of features and templates: unit vectors, cosines, distances."""

import chex
import jax
import jax.numpy as jnp


def unit(x: jax.Array, *, axis: int = -1, eps: float = 1e-12) -> jax.Array:
  r"""Scales vectors to Euclidean length one; the zero vector stays zero.

  .. math:: \frac{x}{\sqrt{\max(\lVert x \rVert^2, \epsilon)}}

  The gradient is finite everywhere. Vectors no longer than
  :math:`\sqrt{\epsilon}` are multiplied by :math:`1 / \sqrt{\epsilon}` instead
  of being blown up to length one.

  Args:
    x: vectors along `axis`, `[..., D]` by default; any floating type.
    axis: the axis that holds a vector's components.
    eps: squared length below which a vector counts as zero.

  Returns:
    Vectors of `x`'s shape and type, of length one (or less: see above).

  References:
    Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
    section 4.1 (the L2 normalisation of embeddings and templates).

  >>> unit(jnp.array([3.0, 4.0]))
  Array([0.6, 0.8], dtype=float32)
  """
  # Half precision can hold neither the squares' sum nor eps.
  wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
  squared = jnp.sum(jnp.square(wide), axis=axis, keepdims=True)
  return (wide * jax.lax.rsqrt(jnp.maximum(squared, eps))).astype(x.dtype)


def cosine_logits(
    features: jax.Array,
    templates: jax.Array,
    scale: jax.Array | float = 1.0,
) -> jax.Array:
  r"""Scores of a cosine classifier.

  .. math:: s_c \, \cos(x, w_c)
      = s_c \, \frac{x^\top w_c}{\lVert x \rVert \lVert w_c \rVert}

  Both sides are normalised here, so neither needs unit length; a zero vector
  scores zero.

  Args:
    features: :math:`x`, `[..., D]`.
    templates: one row :math:`w_c` a class, `[C, D]`.
    scale: :math:`s`, a scalar for all classes or `[C]`, one a class.

  Returns:
    Logits, `[..., C]`.

  References:
    Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
    section 4.1 (the scale factor).

  >>> cosine_logits(jnp.array([[0.0, 2.0]]), jnp.array([[0.0, 5.0]]), 10.0)
  Array([[10.]], dtype=float32)
  """
  chex.assert_rank(templates, 2)
  chex.assert_axis_dimension(features, -1, templates.shape[-1])
  scale = jnp.asarray(scale)
  chex.assert_rank(scale, {0, 1})
  if scale.ndim:
    chex.assert_shape(scale, templates.shape[:1])
    scale = scale.reshape((1,) * (features.ndim - 1) + scale.shape)
  return scale * (unit(features) @ unit(templates).T)


def squared_distances(left: jax.Array, right: jax.Array) -> jax.Array:
  r"""Squared Euclidean distances between all rows of two matrices.

  .. math:: \lVert x_i \rVert^2 - 2 x_i^\top y_j + \lVert y_j \rVert^2

  Never negative, although rounding can take the sum below zero. The products
  are computed in full precision on every accelerator, because they cancel.

  Args:
    left: :math:`x`, `[M, D]`.
    right: :math:`y`, `[C, D]`.

  Returns:
    Squared distances, `[M, C]`, in squared feature units.

  >>> squared_distances(jnp.array([[1.0, 1.0]]), jnp.array([[4.0, 5.0]]))
  Array([[25.]], dtype=float32)
  """
  chex.assert_rank([left, right], 2)
  chex.assert_axis_dimension(right, -1, left.shape[-1])
  squares = (
      jnp.sum(jnp.square(left), -1)[:, None]
      + jnp.sum(jnp.square(right), -1)[None, :]
  )
  products = jnp.matmul(left, right.T, precision=jax.lax.Precision.HIGHEST)
  return jnp.maximum(squares - 2 * products, 0)
