"""InceptionV1 (GoogLeNet) with batch normalisation, without auxiliary heads.

The layers are those of the weights that torchvision publishes: bias-free
convolutions, batch normalisation with epsilon 0.001, and 3x3 convolutions where
the paper has 5x5 ones. Those weights expect pixels in [-1, 1].

References:
  Szegedy et al. Going deeper with convolutions. CVPR 2015, table 1.
  Ioffe, Szegedy. Batch normalization. ICML 2015.
"""

from collections.abc import Callable
from typing import Any

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax.models import layers

# Channels of each module: 1x1; 3x3 reduced, 3x3; "5x5" reduced, "5x5"; pool.
_MODULES = {
    '3a': (64, 96, 128, 16, 32, 32),
    '3b': (128, 128, 192, 32, 96, 64),
    '4a': (192, 96, 208, 16, 48, 64),
    '4b': (160, 112, 224, 24, 64, 64),
    '4c': (128, 128, 256, 24, 64, 64),
    '4d': (112, 144, 288, 32, 64, 64),
    '4e': (256, 160, 320, 32, 128, 128),
    '5a': (256, 160, 320, 32, 128, 128),
    '5b': (384, 192, 384, 48, 128, 128),
}
# Size of the pooling windows, of stride 2, that come before some modules.
_POOL_BEFORE = {'3a': 3, '4a': 3, '5a': 2}


class ConvNorm(nn.Module):
  """Convolution, batch normalisation, ReLU.

  Attributes:
    channels: how many leave.
    size: of the kernel.
    norm: constructor of batch normalisation, taking a name.
    stride: of the convolution.
    dtype: of the arithmetic.
  """

  channels: int
  size: int
  norm: Callable[..., nn.Module]
  stride: int = 1
  dtype: Any = None

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, F]` to `[B, H / stride, W / stride, channels]`."""
    x = layers.conv(
        self.channels,
        self.size,
        stride=self.stride,
        dtype=self.dtype,
        name='conv',
    )(x)
    return nn.relu(self.norm(name='norm')(x))


class InceptionModule(nn.Module):
  """Four branches beside each other, concatenated over channels.

  Attributes:
    channels: of 1x1; of 3x3 reduced and 3x3; of "5x5" reduced and "5x5"; of
      the pool's projection.
    norm: constructor of batch normalisation, taking a name.
    dtype: of the arithmetic.
  """

  channels: tuple[int, ...]
  norm: Callable[..., nn.Module]
  dtype: Any = None

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, F]` to `[B, H, W, D]`, D the sum of four branches."""

    def layer(name, channels, size):
      return ConvNorm(channels, size, self.norm, dtype=self.dtype, name=name)

    one, three_in, three, five_in, five, pool = self.channels
    branches = [
        layer('branch1', one, 1)(x),
        layer('branch2_3x3', three, 3)(layer('branch2_1x1', three_in, 1)(x)),
        layer('branch3_3x3', five, 3)(layer('branch3_1x1', five_in, 1)(x)),
        layer('branch4', pool, 1)(layers.max_pool(x, 3, 1)),
    ]
    return jnp.concatenate(branches, axis=-1)


class InceptionV1(nn.Module):
  """GoogLeNet's 22 layers up to the classifier, D = 1024.

  Attributes:
    axis_name: mapped axis over which the batch is divided, or None.
    dtype: of the arithmetic; parameters are float32.
  """

  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, images: jax.Array, *, train: bool) -> dict[str, jax.Array]:
    """Maps images `[B, H, W, 3]` to `map` [B, h, w, D] and `pooled` [B, D]."""
    norm = layers.batch_norm(
        train, axis_name=self.axis_name, epsilon=1e-3, dtype=self.dtype
    )

    def layer(name, channels, size, stride=1):
      return ConvNorm(channels, size, norm, stride, self.dtype, name=name)

    x = layer('conv1', 64, 7, stride=2)(images)
    x = layers.max_pool(x, 3, 2, cover=True)
    x = layer('conv3', 192, 3)(layer('conv2', 64, 1)(x))
    for name, channels in _MODULES.items():
      if name in _POOL_BEFORE:
        x = layers.max_pool(x, _POOL_BEFORE[name], 2, cover=True)
      x = InceptionModule(channels, norm, self.dtype, name=f'inception{name}')(
          x
      )
    return {'map': x, 'pooled': layers.global_mean(x)}
