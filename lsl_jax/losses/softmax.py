"""Softmax cross-entropy, one number an example."""

import chex
import jax
import optax


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
  r"""Negative log-probability of the right class.

  .. math:: -\log \frac{\exp(z_y)}{\sum_c \exp(z_c)}

  Args:
    logits: :math:`z`, `[B, C]`.
    labels: :math:`y`, `[B]` int, in 0 .. C - 1.

  Returns:
    The loss of each example, `[B]`, in nats.

  References:
    Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
    eq. 5.

  >>> cross_entropy(jax.numpy.zeros((1, 2)), jax.numpy.array([1]))  # log 2
  Array([0.6931472], dtype=float32)
  """
  chex.assert_rank([logits, labels], [2, 1])
  chex.assert_equal_shape_prefix([logits, labels], 1)
  return optax.softmax_cross_entropy_with_integer_labels(logits, labels)
