"""ResNet-12 of the few-shot literature: four blocks of three convolutions.

References:
  Oreshkin, Rodriguez Lopez, Lacoste. TADAM: task dependent adaptive metric for
  improved few-shot learning. NeurIPS 2018, appendix.
  Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
  few-shot learning. CVPR 2019, section 5.1 (a pooling after every block).
"""

from collections.abc import Callable
import functools
from typing import Any

from flax import linen as nn
import jax

from lsl_jax.models import layers
from lsl_jax.ops import shifted

# Normal, variance 0.1 * 2 / (k * k * out).
_conv_init = nn.initializers.variance_scaling(0.2, 'fan_out', 'normal')
DEPTH = 3  # 3x3 convolutions of a block


class Block(nn.Module):
  """Three 3x3 convolutions beside a projected shortcut, then max-pooling.

  Attributes:
    width: channels that leave the block.
    pool: 'valid' or 'same' pooling, or None for none.
    norm: constructor of batch normalisation, taking a name.
    dtype: of the arithmetic.
    swish: whether the sum passes a swish.
  """

  width: int
  pool: str | None
  norm: Callable[..., nn.Module]
  dtype: Any = None
  swish: bool = True

  @nn.compact
  def __call__(self, x: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Runs the block.

    Args:
      x: `[B, H, W, F]`.

    Returns:
      The result `[B, H / 2, W / 2, width]`, and what each convolution reads
      (`conv1`, `conv2`, `conv3`), for a stream beside the block.
    """
    conv = functools.partial(
        layers.conv, self.width, dtype=self.dtype, kernel_init=_conv_init
    )
    reads = {}
    y = x
    for index in range(1, DEPTH + 1):
      reads[f'conv{index}'] = y
      y = self.norm(name=f'norm{index}')(conv(3, name=f'conv{index}')(y))
      if index < DEPTH:
        y = nn.swish(y)
    shortcut = self.norm(name='shortcut_norm')(conv(1, name='shortcut_conv')(x))
    y = nn.swish(y + shortcut) if self.swish else y + shortcut
    return shifted.max_pool(y, self.pool), reads


class ResNet12(nn.Module):
  """Blocks of `width`, twice, four and eight times as many channels.

  Attributes:
    width: channels of the first block; 16 makes the network of a quarter.
    pools: after how many blocks, counted from the first, the map is halved. The
      text of both papers has four; TADAM's and AM3's code three.
    pool_padding: 'valid' leaves out what 2x2 windows do not reach (84 becomes
      5), 'same' covers it (three such poolings: 84 becomes 11, as in TADAM's
      code).
    extra: channels added to the last block; 16 is the baseline WIDE.
    last_swish: whether the last block ends with a swish; Dynamic FSL's cosine
      classifier wants features of both signs.
    axis_name: mapped axis over which the batch is divided, or None.
    dtype: of the arithmetic; parameters are float32.
  """

  width: int = 64
  pools: int = 4
  pool_padding: str = 'valid'
  extra: int = 0
  last_swish: bool = True
  axis_name: str | None = None
  dtype: Any = None

  @property
  def blocks(self) -> tuple[tuple[int, str | None], ...]:
    """Channels and pooling of every block."""
    if self.pools not in range(5):
      raise ValueError(f'pools is {self.pools}; accepted: 0 to 4')
    if self.pool_padding not in ('valid', 'same'):
      raise ValueError(
          f'pool_padding is {self.pool_padding!r}; accepted: valid, same'
      )
    return tuple(
        (
            self.width * 2**block + (self.extra if block == 3 else 0),
            self.pool_padding if block < self.pools else None,
        )
        for block in range(4)
    )

  @nn.compact
  def __call__(self, images: jax.Array, *, train: bool) -> dict[str, jax.Array]:
    """Maps images `[B, H, W, 3]` to `map` [B, h, w, D], `pooled` [B, D] ...

    ... and, under `block<b>_conv<l>`, to what every convolution reads: under
    jit, what is not used is not computed or kept.
    """
    norm = layers.batch_norm(
        train,
        axis_name=self.axis_name,
        momentum=0.95,
        epsilon=1e-3,
        dtype=self.dtype,
    )
    x = images
    taps = {}
    for index, (width, pool_padding) in enumerate(self.blocks, 1):
      block = Block(
          width,
          pool_padding,
          norm,
          self.dtype,
          swish=self.last_swish or index < len(self.blocks),
          name=f'block{index}',
      )
      x, reads = block(x)
      taps |= {f'block{index}_{name}': value for name, value in reads.items()}
    return {'map': x, 'pooled': layers.global_mean(x), **taps}
