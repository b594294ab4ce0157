"""Conv-4: the small plain network of the few-shot literature.

References:
  Vinyals et al. Matching networks for one shot learning. NeurIPS 2016,
  section 4.1.
  Snell, Swersky, Zemel. Prototypical networks for few-shot learning.
  NeurIPS 2017, section 3.1.
"""

from typing import Any

from flax import linen as nn
import jax

from lsl_jax.models import layers


class Conv4(nn.Module):
  """Blocks of 3x3 convolution, batch normalisation, ReLU and 2x2 max-pool.

  Attributes:
    width: channels of the first block, and of all without growth.
    depth: how many blocks; each halves the map.
    growth: how many times as many channels each next block has.
    last_relu: whether the last block has a ReLU; Dynamic FSL's cosine
      classifier wants features of both signs.
    axis_name: mapped axis over which the batch is divided, or None.
    dtype: of the arithmetic; parameters are float32.
  """

  width: int = 64
  depth: int = 4
  growth: int = 1
  last_relu: bool = True
  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, images: jax.Array, *, train: bool) -> dict[str, jax.Array]:
    """Maps images `[B, H, W, 3]` to `map` [B, h, w, D] and `pooled` [B, D]."""
    norm = layers.batch_norm(train, axis_name=self.axis_name, dtype=self.dtype)
    x = images
    for block in range(1, self.depth + 1):
      width = self.width * self.growth ** (block - 1)
      x = layers.conv(width, 3, dtype=self.dtype, name=f'block{block}_conv')(x)
      x = norm(name=f'block{block}_norm')(x)
      if block < self.depth or self.last_relu:
        x = nn.relu(x)
      x = layers.max_pool(x, 2, 2)
    return {'map': x, 'pooled': layers.global_mean(x)}
