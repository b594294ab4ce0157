"""Lifted structured loss: every positive pair against all its negatives.

References:
  Oh Song, Xiang, Jegelka, Savarese. Deep metric learning via lifted structured
  feature embedding. CVPR 2016.
"""

import chex
import jax
import jax.numpy as jnp


def lifted_structure(
    embeddings: jax.Array, labels: jax.Array, *, margin: float = 1.0
) -> jax.Array:
  r"""Mean over positive pairs, each hinged on the batch's nearest negatives.

  .. math:: J = \frac{1}{2 |P|} \sum_{(i, j) \in P} \Big[ \log \Big(
      \sum_{k: y_k \neq y_i} e^{m - D_{ik}}
      + \sum_{l: y_l \neq y_j} e^{m - D_{jl}} \Big) + D_{ij} \Big]_+^2

  where :math:`P` are the unordered pairs of different examples of one class,
  and :math:`D` is the Euclidean distance, not squared. This is the one loss of
  the house that comes reduced: its terms are pairs, not examples. Embeddings
  are taken as they are; give unit vectors if distances shall be bounded.

  A batch without a positive pair, or with a single class, costs zero. Where two
  examples coincide, their distance has the gradient zero.

  Args:
    embeddings: `[B, D]`.
    labels: :math:`y`, `[B]` int.
    margin: :math:`m`, in units of distance.

  Returns:
    The loss of the batch, a scalar.

  References:
    Oh Song et al. 2016, the smooth upper bound, with margin 1.
    Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
    section 6.3 and figure 6 (comparison).

  >>> x = jnp.array([[0.0], [0.0], [1.0]])  # (log(e^0 + e^0) + 0)^2 / 2
  >>> round(float(lifted_structure(x, jnp.array([0, 0, 1]), margin=1.0)), 4)
  0.2402
  """
  chex.assert_rank([embeddings, labels], [2, 1])
  chex.assert_equal_shape_prefix([embeddings, labels], 1)
  distances = _distances(embeddings)
  same = labels[:, None] == labels[None, :]
  # A finite stand-in for "no negative at all": -inf would have a NaN gradient.
  lowest = jnp.finfo(distances.dtype).min / 4
  repulsion = jax.nn.logsumexp(
      jnp.where(same, lowest, margin - distances), axis=-1
  )
  costs = jnp.logaddexp(repulsion[:, None], repulsion[None, :]) + distances
  positive = jnp.triu(same, k=1)
  hinges = jnp.where(positive, jnp.maximum(costs, 0), 0)
  num_pairs = jnp.maximum(jnp.sum(positive), 1)
  return jnp.sum(jnp.square(hinges)) / (2 * num_pairs)


def _distances(x: jax.Array) -> jax.Array:
  """Euclidean distances `[B, B]`, with gradient zero at distance zero."""
  # Differences, not inner products: those cancel where points are close, just
  # where the root is steep.
  squared = jnp.sum(jnp.square(x[:, None, :] - x[None, :, :]), axis=-1)
  apart = squared > 0
  return jnp.where(apart, jnp.sqrt(jnp.where(apart, squared, 1)), 0)
