"""Convolution of each channel alone, as a sum of shifted images.

XLA's CPU compiler turns a convolution in as many groups as there are channels
into code that is 10 to 100 times slower than these few multiplications, which
it fuses into one pass over the image.
"""

import functools
from typing import Any

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp

# Variance 2 / (k * k): one channel enters each that leaves.
_init = nn.initializers.variance_scaling(2.0, 'fan_in', 'normal')


class DepthwiseConv(nn.Module):
  """Bias-free, padded as TensorFlow's 'SAME'.

  Attributes:
    size: of the kernel, a square.
    stride: in both directions.
    dtype: of the result, None for that of the input; sums are float32.
  """

  size: int
  stride: int = 1
  dtype: Any = None

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, D]` to `[B, H / stride, W / stride, D]`."""
    shape = (self.size, self.size, 1, x.shape[-1])
    kernel = self.param('kernel', _init, shape)
    return depthwise(x, kernel, self.stride).astype(self.dtype or x.dtype)


def depthwise(x: jax.Array, kernel: jax.Array, stride: int = 1) -> jax.Array:
  r"""Each channel convolved with its own kernel.

  .. math:: y_{hwd} = \sum_{ij} k_{ijd} \, x_{sh + i - p, \, sw + j - p, \, d}

  where the padding p is half of what the windows need in all, rounded down: the
  odd pixel goes to the end, as in TensorFlow's 'SAME'.

  Args:
    x: `[B, H, W, D]`.
    kernel: k, `[size, size, 1, D]`.
    stride: s, in both directions.

  Returns:
    `[B, ceil(H / s), ceil(W / s), D]`, float32.

  >>> x = jnp.arange(4.0).reshape(1, 4, 1, 1)
  >>> depthwise(x, jnp.ones((3, 3, 1, 1)), 2).ravel().tolist()
  [3.0, 5.0]
  """
  chex.assert_rank([x, kernel], 4)
  size = kernel.shape[0]
  chex.assert_shape(kernel, (size, size, 1, x.shape[-1]))
  padding, reaches = [(0, 0)], []
  for side in x.shape[1:3]:
    last = stride * (-(-side // stride) - 1)  # where the last window begins
    needed = max(last + size - side, 0)
    padding.append((needed // 2, needed - needed // 2))
    reaches.append(last + 1)
  x = jnp.pad(x.astype(jnp.float32), [*padding, (0, 0)])
  return functools.reduce(
      jnp.add,
      (
          kernel[i : i + 1, j : j + 1]
          * x[:, i : i + reaches[0] : stride, j : j + reaches[1] : stride]
          for i in range(size)
          for j in range(size)
      ),
  )
