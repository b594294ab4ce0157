"""The network that maps classifiers of few examples to those of many.

References:
  Wang, Hebert. Learning to learn: model regression networks for easy small
  sample learning. ECCV 2016, section 3.2.
"""

import chex
from flax import linen as nn
import jax


class Regressor(nn.Module):
  """Dense layers with leaky ReLU between them, as wide at both ends.

  Attributes:
    hidden: widths of the layers inside.
    slope: of the leaky ReLU below zero.
  """

  hidden: tuple[int, ...] = (512, 512, 512)
  slope: float = 0.01

  @nn.compact
  def __call__(self, weights: jax.Array) -> jax.Array:
    """Maps weights `[..., D]` to weights `[..., D]`."""
    chex.assert_rank(weights, {1, 2})
    x = weights
    for number, width in enumerate(self.hidden, start=1):
      x = nn.Dense(width, name=f'dense{number}')(x)
      x = nn.leaky_relu(x, self.slope)
    return nn.Dense(weights.shape[-1], name='out')(x)
