"""Dense classification: cross-entropy at every position of a feature map.

References:
  Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
  few-shot learning. CVPR 2019, section 3.1.
"""

import chex
import jax
import jax.numpy as jnp
import optax

POSITIONS = ('sum', 'mean')


def dense_cross_entropy(
    logits: jax.Array, labels: jax.Array, *, positions: str = 'sum'
) -> jax.Array:
  r"""Sum over positions of the negative log-probability of the image's class.

  .. math:: -\sum_{k=1}^r \log
      \frac{\exp(z^{(k)}_y)}{\sum_c \exp(z^{(k)}_c)}   \quad (10)

  With one position it is the cross-entropy of the pooled features.

  Args:
    logits: :math:`z`, `[B, R, C]`, one softmax a position.
    labels: :math:`y`, `[B]` int, in 0 .. C - 1: of the whole image.
    positions: 'sum', as the paper has it, or 'mean', which does not tie the
      learning rate to the size of the map.

  Returns:
    The loss of each example, `[B]`, in nats.

  Raises:
    ValueError: another word for `positions`.

  >>> logits = jnp.zeros((1, 3, 2))  # three times log 2
  >>> dense_cross_entropy(logits, jnp.array([1]))
  Array([2.0794415], dtype=float32)
  """
  chex.assert_rank([logits, labels], [3, 1])
  chex.assert_equal_shape_prefix([logits, labels], 1)
  if positions not in POSITIONS:
    raise ValueError(
        f'positions is {positions!r}; accepted: {", ".join(POSITIONS)}'
    )
  everywhere = jnp.broadcast_to(labels[:, None], logits.shape[:2])
  values = optax.softmax_cross_entropy_with_integer_labels(logits, everywhere)
  reduce = jnp.sum if positions == 'sum' else jnp.mean
  return reduce(values, axis=1)
