"""Residual networks: 10, 18 and 34 layers of basic blocks, 50 of bottlenecks.

References:
  He, Zhang, Ren, Sun. Deep residual learning for image recognition. CVPR 2016.
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017 (ResNet-10: one block a stage).
"""

from collections.abc import Callable
import functools
from typing import Any

from flax import linen as nn
import jax

from lsl_jax.models import layers


class BasicBlock(nn.Module):
  """Two 3x3 convolutions beside a shortcut.

  Attributes:
    width: channels inside and, times `expansion`, of the result.
    stride: of the first convolution and of the shortcut.
    norm: constructor of batch normalisation, taking a name.
    dtype: of the arithmetic.
    relu: whether the sum passes a ReLU.
  """

  width: int
  stride: int
  norm: Callable[..., nn.Module]
  dtype: Any = None
  relu: bool = True
  expansion = 1
  shortcut_norm = True

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, F]` to `[B, H / stride, W / stride, width]`."""
    conv = functools.partial(layers.conv, self.width, dtype=self.dtype)
    y = conv(3, stride=self.stride, name='conv1')(x)
    y = nn.relu(self.norm(name='norm1')(y))
    y = self.norm(name='norm2')(conv(3, name='conv2')(y))
    y = y + _shortcut(self, x, y.shape)
    return nn.relu(y) if self.relu else y


class BottleneckBlock(nn.Module):
  """Convolutions 1x1, 3x3 and 1x1 beside a shortcut.

  The stride sits on the 3x3 convolution, as in the weights that are published
  for PyTorch; the paper has it on the first.

  Attributes:
    width: channels inside; `expansion` times as many leave.
    stride: of the 3x3 convolution and of the shortcut.
    norm: constructor of batch normalisation, taking a name.
    dtype: of the arithmetic.
    relu: whether the sum passes a ReLU.
  """

  width: int
  stride: int
  norm: Callable[..., nn.Module]
  dtype: Any = None
  relu: bool = True
  expansion = 4
  # Not attributes of the module: of what kind the block is.
  inner_bias = False
  shortcut_norm = True

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, F]` to `[B, H / stride, W / stride, 4 * width]`."""
    conv = functools.partial(layers.conv, dtype=self.dtype)
    y = nn.relu(self.norm(name='norm1')(conv(self.width, 1, name='conv1')(x)))
    y = conv(
        self.width,
        3,
        stride=self.stride,
        use_bias=self.inner_bias,
        name='conv2',
    )(y)
    y = nn.relu(self.norm(name='norm2')(y))
    y = conv(self.expansion * self.width, 1, name='conv3')(y)
    y = self.norm(name='norm3')(y)
    y = y + _shortcut(self, x, y.shape)
    return nn.relu(y) if self.relu else y


class LowShotBottleneckBlock(BottleneckBlock):
  """The bottleneck in the code of Hariharan and Girshick.

  The 3x3 convolution has a bias, and the projection on the shortcut no batch
  normalisation.
  """

  inner_bias = True
  shortcut_norm = False


class ResNet(nn.Module):
  """Stem, then stages of residual blocks, each twice as wide as the last.

  Attributes:
    blocks: how many blocks each stage has.
    block: `BasicBlock` or `BottleneckBlock`.
    width: channels of the stem and inside the first stage.
    small_stem: a 3x3 convolution instead of the 7x7 one of stride 2 and the
      pooling, for images of 32x32.
    last_relu: whether the last block ends with a ReLU; Dynamic FSL's cosine
      classifier wants features of both signs.
    axis_name: mapped axis over which the batch is divided, or None.
    dtype: of the arithmetic; parameters are float32.
  """

  blocks: tuple[int, ...]
  block: Callable[..., nn.Module] = BasicBlock
  width: int = 64
  small_stem: bool = False
  last_relu: bool = True
  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, images: jax.Array, *, train: bool) -> dict[str, jax.Array]:
    """Maps images `[B, H, W, 3]` to `map` [B, h, w, D] and `pooled` [B, D]."""
    norm = layers.batch_norm(train, axis_name=self.axis_name, dtype=self.dtype)
    size, stride = (3, 1) if self.small_stem else (7, 2)
    x = layers.conv(
        self.width, size, stride=stride, dtype=self.dtype, name='stem_conv'
    )(images)
    x = nn.relu(norm(name='stem_norm')(x))
    if not self.small_stem:
      x = layers.max_pool(x, 3, 2)
    for stage, blocks in enumerate(self.blocks):
      for block in range(blocks):
        x = self.block(
            self.width * 2**stage,
            stride=2 if stage > 0 and block == 0 else 1,
            norm=norm,
            dtype=self.dtype,
            relu=self.last_relu
            or (stage, block) != (len(self.blocks) - 1, blocks - 1),
            name=f'stage{stage + 1}_block{block + 1}',
        )(x)
    return {'map': x, 'pooled': layers.global_mean(x)}


def _shortcut(
    block: BasicBlock | BottleneckBlock, x: jax.Array, shape: tuple[int, ...]
) -> jax.Array:
  """The input itself, or projected where the block changes its shape."""
  if x.shape == shape:
    return x
  x = layers.conv(
      shape[-1], 1, stride=block.stride, dtype=block.dtype, name='shortcut_conv'
  )(x)
  return block.norm(name='shortcut_norm')(x) if block.shortcut_norm else x


# Attributes of ResNet may be given by keyword, e.g. resnet18(width=16).
resnet10 = functools.partial(ResNet, (1, 1, 1, 1))
resnet18 = functools.partial(ResNet, (2, 2, 2, 2))
resnet34 = functools.partial(ResNet, (3, 4, 6, 3))
resnet50 = functools.partial(ResNet, (3, 4, 6, 3), BottleneckBlock)
resnet50_low_shot = functools.partial(
    ResNet, (3, 4, 6, 3), LowShotBottleneckBlock
)
