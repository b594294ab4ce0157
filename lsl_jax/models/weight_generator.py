"""Dynamic FSL's generator of classification weights from a few examples.

References:
  Gidaris, Komodakis. Dynamic few-shot visual learning without forgetting. CVPR
  2018.
"""

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax.ops import prototypes, similarity

# Normal, variance 2 / D.
_rows = nn.initializers.variance_scaling(
    2.0, 'fan_in', 'normal', in_axis=-1, out_axis=0
)


class WeightGenerator(nn.Module):
  r"""A novel class's weights: its examples' mean, and base weights like them.

  .. math:: w = \phi_{avg} \odot \bar z + \phi_{att} \odot \frac1K \sum_i
      \sum_b a_{ib} \bar w_b, \qquad
      a_i = \mathrm{softmax}_b(\gamma \cos(\Phi_q \bar z_i, k_b))

  with examples and base weights of unit length, :math:`\bar z_i` and
  :math:`\bar w_b`, and :math:`\bar z` the examples' mean. The diagonal factors
  start at one, the queries' map at the identity and some noise.

  Attributes:
    scale: where :math:`\gamma` starts; the authors have 10 for miniImageNet, 30
      for ImageNet.
    attention: whether there is the second summand.

  References:
    Gidaris and Komodakis 2018, eqs. 7 and 8; start as in the authors' code.
  """

  scale: float = 10.0
  attention: bool = True

  @nn.compact
  def __call__(
      self,
      support: jax.Array,
      labels: jax.Array,
      num_novel: int,
      templates: jax.Array,
      known: jax.Array | None = None,
  ) -> jax.Array:
    """Makes weights of novel classes.

    Args:
      support: features of the examples, `[S, D]`.
      labels: `[S]` int in 0 .. num_novel - 1.
      num_novel: N; static.
      templates: weights of the base classes, `[C, D]`.
      known: `[C]` bool, which base classes are to be attended to; all if None.
        In training, those that play novel ones are not.

    Returns:
      `[N, D]`, of any length.
    """
    chex.assert_rank([support, templates], 2)
    num_base, size = templates.shape
    support = similarity.unit(support)
    average = self.param('average', nn.initializers.ones, (size,))
    means = prototypes.class_means(support, labels, num_novel)
    weights = average[None] * means
    if not self.attention:
      return weights
    kernel = self.param('query', _near_identity, (size, size))
    bias = self.param('query_bias', nn.initializers.zeros, (size,))
    keys = self.param('keys', _rows, (num_base, size))
    scale = self.param('scale', nn.initializers.constant(self.scale), ())
    attended = self.param('attended', nn.initializers.ones, (size,))
    logits = similarity.cosine_logits(
        support @ kernel + bias[None], keys, scale
    )
    if known is not None:
      logits = jnp.where(known[None], logits, -jnp.inf)
    read = jax.nn.softmax(logits) @ similarity.unit(templates)
    return weights + attended[None] * prototypes.class_means(
        read, labels, num_novel
    )


def _near_identity(key, shape):
  return jnp.eye(*shape) + 0.001 * jax.random.normal(key, shape)
