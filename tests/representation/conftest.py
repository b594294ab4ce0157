"""A network of two layers with everything that objectives may meet."""

from flax import linen as nn
import jax
import jax.numpy as jnp
import pytest

from lsl_jax import ops, types


class TinyNetwork(nn.Module):
  """Means over positions, one dense layer, batch norm, dropout, a head."""

  axis_name: str | None = None
  cosine: bool = True
  dropout: float = 0.0
  norm: bool = True
  unit: bool = True

  @nn.compact
  def __call__(self, images, *, train):
    features = nn.Dense(6, name='backbone')(images)
    pooled = jnp.tanh(jnp.mean(features, axis=(1, 2)))
    if self.norm:
      pooled = nn.BatchNorm(not train, axis_name=self.axis_name)(pooled)
    pooled = nn.Dropout(self.dropout, deterministic=not train)(pooled)
    embedding = ops.unit(pooled) if self.unit else pooled
    logits = Head(self.cosine, name='classifier')(embedding)
    return {
        'map': features,
        'pooled': pooled,
        'embedding': embedding,
        'logits': logits,
    }


class Head(nn.Module):
  """A cosine or a linear classifier of four classes."""

  cosine: bool

  @nn.compact
  def __call__(self, embedding):
    templates = self.param('templates', nn.initializers.normal(1.0), (4, 6))
    if not self.cosine:
      return embedding @ templates.T
    scale = self.param('scale', nn.initializers.constant(10.0), ())
    return ops.cosine_logits(embedding, templates, scale)


@pytest.fixture
def tiny_network():
  """The class, to be made with the options that a test needs."""
  return TinyNetwork


@pytest.fixture
def batch(rng):
  """Eight images, two of each of four classes."""
  images = jnp.asarray(rng.normal(size=(8, 2, 2, 3)), jnp.float32)
  return types.Batch(images, jnp.arange(8) % 4)


@pytest.fixture
def initialise(batch):
  """Makes `(params, model_state)` of a representation."""

  def init(representation):
    variables = representation.init(jax.random.key(0), batch.images)
    params = variables['params']
    return params, {k: v for k, v in variables.items() if k != 'params'}

  return init
