"""Generators: from a latent code to an image.

References:
  Radford, Metz, Chintala. Unsupervised representation learning with deep
  convolutional generative adversarial networks. ICLR 2016.
  Hoshen, Malik. Non-adversarial image synthesis with generative latent nearest
  neighbors. CVPR 2019 (the dense one).
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020.
"""

from collections.abc import Callable, Mapping
import functools
from typing import Any

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax.models import convolution

_INIT = nn.initializers.normal(0.02)
# Sides of the first map, of which the image's side is a doubling.
_FIRST = (4, 5, 6, 7)


class ConvolutionalGenerator(nn.Module):
  """DCGAN: transposed convolutions, each twice as large and half as wide.

  The code becomes a map of 4x4 to 7x7 pixels, whichever the image's side is a
  power of two times; then batch normalisation and ReLU, and 4x4 transposed
  convolutions of stride 2 up to the image. The last one has no normalisation,
  and tanh, brought to 0 .. 1.

  Attributes:
    size: side of the image, such as 32, 64, 224 (from 7x7) or 256 (from 4x4).
    width: channels of the last map before the image.
    normalise: batch normalisation after every layer but the last.
    momentum: how much of their past running statistics keep.
    axis_name: mapped axis over which the batch is divided, or None.
    dtype: of the arithmetic; parameters are float32.

  Raises:
    ValueError: a size that none of the first maps leads to, when called.
  """

  size: int = 32
  width: int = 64
  normalise: bool = True
  momentum: float = 0.9
  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, codes: jax.Array, *, train: bool) -> jax.Array:
    """Maps codes `[B, Z]` to images `[B, size, size, 3]` in 0 .. 1."""
    chex.assert_rank(codes, 2)
    first, doublings = _first_map(self.size)
    widths = [self.width * 2**i for i in range(doublings - 1, -1, -1)]
    x = nn.Dense(
        first * first * widths[0],
        use_bias=not self.normalise,
        kernel_init=_INIT,
        dtype=self.dtype,
        name='dense',
    )(codes)
    x = x.reshape(len(codes), first, first, widths[0])
    x = nn.relu(self._norm(train, 'norm0')(x))
    for number, width in enumerate([*widths[1:], 3], start=1):
      last = number == doublings
      x = convolution.Doubling(
          width,
          kernel_init=_INIT,
          use_bias=last or not self.normalise,
          dtype=self.dtype,
          name=f'up{number}',
      )(x)
      if not last:
        x = nn.relu(self._norm(train, f'norm{number}')(x))
    return (nn.tanh(x) + 1) / 2

  def _norm(self, train: bool, name: str) -> Callable[[jax.Array], jax.Array]:
    if not self.normalise:
      return lambda x: x
    return nn.BatchNorm(
        use_running_average=not train,
        momentum=self.momentum,
        epsilon=1e-5,
        axis_name=self.axis_name,
        dtype=self.dtype,
        name=name,
    )


class DenseGenerator(nn.Module):
  """Two dense layers, then two transposed convolutions, without normalisation.

  The generator of the authors' program for 32 pixels.

  Attributes:
    size: side of the image, a multiple of four.
    width: channels of the map between the convolutions; twice as many before.
    hidden: width of the first layer.
    axis_name: accepted as every generator does; there are no statistics.
    dtype: of the arithmetic; parameters are float32.

  Raises:
    ValueError: a size that is no multiple of four, when called.
  """

  size: int = 32
  width: int = 64
  hidden: int = 1024
  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, codes: jax.Array, *, train: bool) -> jax.Array:
    """Maps codes `[B, Z]` to images `[B, size, size, 3]` in 0 .. 1."""
    del train
    chex.assert_rank(codes, 2)
    if self.size % 4 or self.size < 4:
      raise ValueError(
          f'a dense generator makes images whose side is a multiple of 4, not'
          f' {self.size}'
      )
    side = self.size // 4
    dense = functools.partial(nn.Dense, use_bias=False, dtype=self.dtype)
    leak = functools.partial(nn.leaky_relu, negative_slope=0.2)
    x = leak(dense(self.hidden, name='dense1')(codes))
    x = leak(dense(side * side * 2 * self.width, name='dense2')(x))
    x = x.reshape(len(codes), side, side, 2 * self.width)
    double = functools.partial(
        convolution.Doubling, kernel_init=_INIT, dtype=self.dtype
    )
    x = leak(double(self.width, name='up1')(x))
    return nn.sigmoid(double(3, name='up2')(x))


class NoisyGenerator(nn.Module):
  """A generator of codes with noise beside them: `[z, noise]`.

  Attributes:
    generator: of images from what both make together.
    noise_layer: whether the noise first passes a dense layer of its own width
      and a leaky ReLU, as in the authors' program.
  """

  generator: nn.Module
  noise_layer: bool = False

  @nn.compact
  def __call__(
      self, codes: jax.Array, noise: jax.Array | None, *, train: bool
  ) -> jax.Array:
    """Maps codes `[B, Z]` and noise `[B, E]`, if any, to images in 0 .. 1."""
    if noise is not None:
      if self.noise_layer:
        layer = nn.Dense(noise.shape[-1], use_bias=False, name='noise')
        noise = nn.leaky_relu(layer(noise), 0.2)
      codes = jnp.concatenate([codes, noise], axis=-1)
    return self.generator(codes, train=train)


GENERATORS: Mapping[str, Callable[..., nn.Module]] = {
    'convolutional': ConvolutionalGenerator,
    'dense': DenseGenerator,
}


def _first_map(size: int) -> tuple[int, int]:
  """Side of the first map, and how often it is doubled up to the image."""
  for first in _FIRST:
    doublings = (size // first).bit_length() - 1
    if doublings > 0 and first * 2**doublings == size:
      return first, doublings
  raise ValueError(
      f'a convolutional generator makes images whose side is 4, 5, 6 or 7 times'
      f' a power of two from 2 on, not {size}'
  )
