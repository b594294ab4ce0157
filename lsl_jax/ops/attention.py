"""Attention of queries over labelled examples."""

import chex
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity


def cosine_attention(
    queries: jax.Array,
    examples: jax.Array,
    labels: jax.Array,
    num_classes: int,
    *,
    scale: jax.Array | float = 1.0,
) -> jax.Array:
  r"""Log-probability of each class: the attention that its examples get.

  .. math:: \log \sum_{i: y_i = c} a_i, \qquad
      a = \mathrm{softmax}_i(s \cos(x, x_i))

  Args:
    queries: :math:`x`, `[M, D]`.
    examples: :math:`x_i`, `[S, D]`.
    labels: :math:`y`, `[S]` int in 0 .. num_classes - 1.
    num_classes: C; static.
    scale: :math:`s`, a scalar, one in the paper.

  Returns:
    `[M, C]`, very negative for a class without an example.

  References:
    Vinyals et al. Matching networks for one shot learning. NeurIPS 2016,
    eqs. 1 and 2.

  >>> x, examples = jnp.array([[1.0, 0.0]]), jnp.array([[2.0, 0.0], [0.0, 1.0]])
  >>> found = cosine_attention(x, examples, jnp.array([0, 1]), 2)
  >>> [round(float(p), 3) for p in jnp.exp(found[0])]  # e / (e + 1)
  [0.731, 0.269]
  """
  chex.assert_rank([queries, examples, labels], [2, 2, 1])
  chex.assert_equal_shape_prefix([examples, labels], 1)
  members = labels[:, None] == jnp.arange(num_classes)[None]
  return attention_by_class(queries, examples, members, scale=scale)


def attention_by_class(
    queries: jax.Array,
    examples: jax.Array,
    members: jax.Array,
    *,
    scale: jax.Array | float = 1.0,
) -> jax.Array:
  """`cosine_attention` where `members` `[S, C]` bool says who is of a class."""
  chex.assert_equal_shape_prefix([examples, members], 1)
  shares = jax.nn.log_softmax(
      scale * similarity.cosine_logits(queries, examples)
  )
  # Finite also without a member, so that gradients are.
  return jax.nn.logsumexp(
      jnp.where(members[None], shares[..., None], -1e9), axis=1
  )
