"""Wide residual networks, of any depth and width.

References:
  Zagoruyko, Komodakis. Wide residual networks. BMVC 2016.
"""

from collections.abc import Callable
import functools
from typing import Any

from flax import linen as nn
import jax

from lsl_jax.models import layers


class WideBlock(nn.Module):
  """Normalise, ReLU, convolve, twice, beside a shortcut.

  Where the block changes the number of channels, the first normalised
  activations feed the projection on the shortcut, too.

  Attributes:
    width: channels of the result.
    stride: of the first convolution and of the shortcut.
    norm: constructor of batch normalisation, taking a name.
    dropout: rate between both convolutions.
    train: whether to drop out.
    dtype: of the arithmetic.
  """

  width: int
  stride: int
  norm: Callable[..., nn.Module]
  dropout: float = 0.0
  train: bool = False
  dtype: Any = None

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, F]` to `[B, H / stride, W / stride, width]`."""
    conv = functools.partial(layers.conv, self.width, dtype=self.dtype)
    activated = nn.relu(self.norm(name='norm1')(x))
    shortcut = x
    if x.shape[-1] != self.width:
      shortcut = conv(1, stride=self.stride, name='shortcut_conv')(activated)
    y = conv(3, stride=self.stride, name='conv1')(activated)
    y = nn.relu(self.norm(name='norm2')(y))
    y = nn.Dropout(self.dropout, deterministic=not self.train)(y)
    return shortcut + conv(3, name='conv2')(y)


class WideResNet(nn.Module):
  """A 3x3 stem, three stages of blocks, then normalisation and ReLU.

  Attributes:
    depth: convolutions on the longest path, 6 n + 4 with n blocks a stage.
    width: channels of the first stage in units of 16; the second has twice,
      the third four times as many. WRN-28-10 is depth 28 and width 10.
    dropout: rate inside the blocks.
    axis_name: mapped axis over which the batch is divided, or None.
    dtype: of the arithmetic; parameters are float32.

  Raises:
    ValueError: another depth, when the network is called.
  """

  depth: int = 28
  width: int = 10
  dropout: float = 0.0
  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, images: jax.Array, *, train: bool) -> dict[str, jax.Array]:
    """Maps images `[B, H, W, 3]` to `map` [B, h, w, D] and `pooled` [B, D]."""
    blocks, rest = divmod(self.depth - 4, 6)
    if rest or blocks < 1:
      raise ValueError(
          f'a wide residual network has a depth of 6 n + 4 (10, 16, 22, 28,'
          f' ...), not {self.depth}'
      )
    norm = layers.batch_norm(train, axis_name=self.axis_name, dtype=self.dtype)
    x = layers.conv(16, 3, dtype=self.dtype, name='stem_conv')(images)
    for stage in range(3):
      for block in range(blocks):
        x = WideBlock(
            16 * self.width * 2**stage,
            stride=2 if stage > 0 and block == 0 else 1,
            norm=norm,
            dropout=self.dropout,
            train=train,
            dtype=self.dtype,
            name=f'stage{stage + 1}_block{block + 1}',
        )(x)
    x = nn.relu(norm(name='final_norm')(x))
    return {'map': x, 'pooled': layers.global_mean(x)}
