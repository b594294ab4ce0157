"""EfficientNet-Lite0: inverted residuals, small enough for photos on a CPU.

The layers are those of the published weights: TensorFlow's 'SAME' padding,
which is asymmetric where a stride is 2, batch normalisation with epsilon 0.001,
ReLU6, no squeeze-and-excitation. Those weights expect images of 224 x 224 and
pixels as (x - 127) / 128. Training leaves out what the original regularises
with (dropout of features and of whole blocks).

References:
  Tan, Le. EfficientNet: rethinking model scaling for convolutional neural
  networks. ICML 2019, table 1. Lite0 keeps its stem and head as wide as B0's.
"""

from collections.abc import Callable
import functools
from typing import Any

from flax import linen as nn
import jax

from lsl_jax.models import depthwise, layers

# Of each stage: blocks, kernel, stride of the first block, expansion, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_HEAD = 1280
_STEM = 32  # the table's widths belong to this one
_EPSILON = 1e-3


class InvertedResidual(nn.Module):
  """1x1 expansion, convolution of each channel alone, 1x1 projection.

  Attributes:
    expansion: channels inside, in multiples of the input's; 1: no first layer.
    channels: how many leave.
    size: of the middle convolution's kernel.
    stride: of the middle convolution.
    norm: constructor of batch normalisation, taking a name.
    dtype: of the arithmetic.
  """

  expansion: int
  channels: int
  size: int
  stride: int
  norm: Callable[..., nn.Module]
  dtype: Any = None

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, F]` to `[B, H / stride, W / stride, channels]`."""
    conv = functools.partial(layers.conv, padding='SAME', dtype=self.dtype)
    inside = x.shape[-1] * self.expansion
    y = x
    if self.expansion > 1:
      y = conv(inside, 1, name='expand_conv')(y)
      y = nn.relu6(self.norm(name='expand_norm')(y))
    y = depthwise.DepthwiseConv(
        self.size, self.stride, self.dtype, name='depthwise_conv'
    )(y)
    y = nn.relu6(self.norm(name='depthwise_norm')(y))
    y = conv(self.channels, 1, name='project_conv')(y)
    y = self.norm(name='project_norm')(y)
    return x + y if x.shape == y.shape else y


class EfficientNetLite0(nn.Module):
  """Stem, sixteen inverted residuals in seven stages, 1x1 head.

  Attributes:
    width: channels of the stem; the others change in proportion.
    axis_name: mapped axis over which the batch is divided, or None.
    dtype: of the arithmetic; parameters are float32.
  """

  width: int = _STEM
  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, images: jax.Array, *, train: bool) -> dict[str, jax.Array]:
    """Runs the network.

    Args:
      images: `[B, H, W, 3]`.
      train: whether batch normalisation uses the batch's statistics.

    Returns:
      `stem`, `block1`, ..., `block16`, each `[B, h, w, d]`, for losses on what
      is inside; `map` `[B, H / 32, W / 32, D]`; `pooled`, its mean, `[B, D]`.
    """
    conv = functools.partial(layers.conv, padding='SAME', dtype=self.dtype)
    norm = layers.batch_norm(
        train, axis_name=self.axis_name, epsilon=_EPSILON, dtype=self.dtype
    )
    x = conv(self.width, 3, stride=2, name='stem_conv')(images)
    x = nn.relu6(norm(name='stem_norm')(x))
    named = {'stem': x}
    for blocks, size, stride, expansion, channels in _STAGES:
      for block in range(blocks):
        name = f'block{len(named)}'
        x = InvertedResidual(
            expansion,
            self._scaled(channels),
            size,
            stride=stride if block == 0 else 1,
            norm=norm,
            dtype=self.dtype,
            name=name,
        )(x)
        named[name] = x
    x = conv(self._scaled(_HEAD), 1, name='head_conv')(x)
    x = nn.relu6(norm(name='head_norm')(x))
    return {'map': x, 'pooled': layers.global_mean(x), **named}

  def _scaled(self, channels: int) -> int:
    return max(1, channels * self.width // _STEM)
