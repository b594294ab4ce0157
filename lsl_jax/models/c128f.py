"""C128F: four plain blocks of 64, 64, 128 and 128 channels.

References:
  Gidaris, Komodakis. Dynamic few-shot visual learning without forgetting.
  CVPR 2018, section 4.1.
"""

from typing import Any

from flax import linen as nn
import jax

from lsl_jax.models import layers


class C128F(nn.Module):
  """Blocks of 3x3 convolution, batch normalisation, ReLU and 2x2 max-pool.

  Attributes:
    width: channels of the first two blocks; the last two have twice as many.
    last_relu: whether the last block has a ReLU. The paper's text has none (its
      cosine classifier is for features of both signs), and so is the default.
    axis_name: mapped axis over which the batch is divided, or None.
    dtype: of the arithmetic; parameters are float32.
  """

  width: int = 64
  last_relu: bool = False
  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, images: jax.Array, *, train: bool) -> dict[str, jax.Array]:
    """Maps images `[B, H, W, 3]` to `map` [B, h, w, D] and `pooled` [B, D]."""
    norm = layers.batch_norm(train, axis_name=self.axis_name, dtype=self.dtype)
    x = images
    for block, factor in enumerate((1, 1, 2, 2), 1):
      x = layers.conv(
          factor * self.width, 3, dtype=self.dtype, name=f'block{block}_conv'
      )(x)
      x = norm(name=f'block{block}_norm')(x)
      if block < 4 or self.last_relu:
        x = nn.relu(x)
      x = layers.max_pool(x, 2, 2)
    return {'map': x, 'pooled': layers.global_mean(x)}
