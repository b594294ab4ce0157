"""Prototypes: the mean of every class's features."""

import chex
import jax
import jax.numpy as jnp


def class_means(
    features: jax.Array,
    labels: jax.Array,
    num_classes: int,
    weights: jax.Array | None = None,
) -> jax.Array:
  r"""Mean feature of every class.

  .. math:: \mu_c = \frac{\sum_{i: y_i = c} a_i x_i}{\sum_{i: y_i = c} a_i}

  Labels outside 0 .. num_classes - 1 take no part, so that padding can be
  labelled -1. A class without examples, or with weights that sum to zero, has
  the zero vector.

  Args:
    features: :math:`x`, `[S, ...]`, one row an example.
    labels: :math:`y`, `[S]` int.
    num_classes: how many rows the result has, C; static under jit.
    weights: :math:`a`, `[S]`, not negative; all ones if absent.

  Returns:
    The means, `[C, ...]`, in feature units.

  References:
    Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
    section 4.2 (average embedding).

  >>> class_means(jnp.array([[1.0], [3.0], [5.0]]), jnp.array([0, 0, 1]), 2)
  Array([[2.],
         [5.]], dtype=float32)
  """
  chex.assert_rank(labels, 1)
  chex.assert_equal_shape_prefix([features, labels], 1)
  if weights is None:
    weights = jnp.ones(labels.shape, features.dtype)
  chex.assert_equal_shape([weights, labels])
  trailing = (1,) * (features.ndim - 1)
  sums = jax.ops.segment_sum(
      features * weights.reshape(-1, *trailing), labels, num_classes
  )
  totals = jax.ops.segment_sum(weights, labels, num_classes)
  totals = jnp.where(totals > 0, totals, 1)
  return sums / totals.reshape(-1, *trailing)
