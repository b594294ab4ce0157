"""Embedding layer and classifiers, which keep one row, or template, a class."""

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity

# Uniform within 1 / sqrt(D): what the papers' frameworks do when left alone.
_uniform_rows = nn.initializers.variance_scaling(
    1 / 3, 'fan_in', 'uniform', in_axis=-1, out_axis=0
)


class Embedding(nn.Module):
  r"""One dense layer, then by default L2 normalisation.

  .. math:: \phi(x) = \frac{A f(x) + b}{\lVert A f(x) + b \rVert}

  Attributes:
    size: D, how many features leave the layer.
    normalise: whether embeddings have unit length.
    use_bias: whether there is a b.

  References:
    Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
    section 4.1.
  """

  size: int
  normalise: bool = True
  use_bias: bool = True

  @nn.compact
  def __call__(self, features: jax.Array) -> jax.Array:
    """Maps features `[B, F]` to embeddings `[B, D]`."""
    chex.assert_rank(features, 2)
    x = nn.Dense(self.size, use_bias=self.use_bias, name='dense')(features)
    return similarity.unit(x) if self.normalise else x


class CosineClassifier(nn.Module):
  r"""Scaled cosine between embedding and template, without bias.

  .. math:: s \, \frac{w_c^\top \phi(x)}
      {\lVert w_c \rVert \lVert \phi(x) \rVert}

  Parameters: `templates` [C, D] (Xavier-uniform) and `scale`, a scalar or [C].

  Attributes:
    num_classes: C.
    scale: at the start of training; the paper gives no number, both of its
      public reimplementations start at ten.
    per_class_scale: one trainable scale a class instead of one for all.

  References:
    Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
    section 4.1.
  """

  num_classes: int
  scale: float = 10.0
  per_class_scale: bool = False

  @nn.compact
  def __call__(self, embedding: jax.Array) -> jax.Array:
    """Maps embeddings `[B, D]` to logits `[B, C]`."""
    chex.assert_rank(embedding, 2)
    templates = self.param(
        'templates',
        nn.initializers.xavier_uniform(),
        (self.num_classes, embedding.shape[-1]),
    )
    scale = self.param(
        'scale',
        nn.initializers.constant(self.scale),
        (self.num_classes,) if self.per_class_scale else (),
    )
    return similarity.cosine_logits(embedding, templates, scale)


class MultiverseClassifier(nn.Module):
  """Several bias-free linear classifiers of the same classes.

  Parameters: `templates` [C, D] of the first one, whose logits are the result,
  and `others` [H - 1, C, D], which the objective reads; all as in
  `LinearClassifier`.

  Attributes:
    num_classes: C.
    copies: H, two or more.

  References:
    Littwin, Wolf. The multiverse loss for robust transfer learning. CVPR 2016.
  """

  num_classes: int
  copies: int = 5

  @nn.compact
  def __call__(self, embedding: jax.Array) -> jax.Array:
    """Maps embeddings `[B, D]` to logits `[B, C]` of the first classifier."""
    chex.assert_rank(embedding, 2)
    shape = (self.num_classes, embedding.shape[-1])
    templates = self.param('templates', _uniform_rows, shape)

    def others(key):
      keys = jax.random.split(key, self.copies - 1)
      return jax.vmap(lambda one: _uniform_rows(one, shape))(keys)

    self.param('others', others)
    return embedding @ templates.T


class LinearClassifier(nn.Module):
  r"""Inner product of features and template: :math:`w_c^\top \phi(x) + b_c`.

  Parameters: `templates` [C, D] and, if asked for, `bias` [C], both uniform
  within :math:`1 / \sqrt{D}`.

  Attributes:
    num_classes: C.
    use_bias: whether there is a b.

  References:
    Hariharan, Girshick. Low-shot visual recognition by shrinking and
    hallucinating features. ICCV 2017 (without bias in representation learning,
    with one in low-shot learning).
  """

  num_classes: int
  use_bias: bool = False

  @nn.compact
  def __call__(self, embedding: jax.Array) -> jax.Array:
    """Maps embeddings `[B, D]` to logits `[B, C]`."""
    chex.assert_rank(embedding, 2)
    size = embedding.shape[-1]
    templates = self.param('templates', _uniform_rows, (self.num_classes, size))
    logits = embedding @ templates.T
    if not self.use_bias:
      return logits
    bias = self.param(
        'bias',
        lambda key, shape: jax.random.uniform(
            key, shape, minval=-1.0, maxval=1.0
        )
        / jnp.sqrt(size),
        (self.num_classes,),
    )
    return logits + bias[None]
