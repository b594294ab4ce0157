"""Convolution of each channel alone, as a sum of shifted images.

XLA's CPU compiler turns a convolution in as many groups as there are channels
into code that is 10 to 100 times slower than these few multiplications, which
it fuses into one pass over the image. The gradient is written down as the same
sum over shifts of what came back, padded. Left to JAX it is a sum of paddings,
into each of which the compiler fuses all that was computed before
(experiments/benchmarks/small_maps.py).
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


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def depthwise(x: jax.Array, kernel: jax.Array, stride: int = 1) -> jax.Array:
  r"""Each channel convolved with its own kernel.

  .. math:: y_{hwd} = \sum_{ij} k_{ijd} \, x_{sh + i - p, \, sw + j - p, \, d}

  where the padding p is half of what the windows need in all, rounded down: the
  odd pixel goes to the end, as in TensorFlow's 'SAME'. It can be differentiated
  in reverse mode only.

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
  padding = [_padding(side, size, stride) for side in x.shape[1:3]]
  x = jnp.pad(x.astype(jnp.float32), [(0, 0), *padding, (0, 0)])
  return _sum_of_shifts(x, kernel, stride)


def _forward(x, kernel, stride):
  return depthwise(x, kernel, stride), (x, kernel)


def _backward(stride, residuals, change):
  x, kernel = residuals
  size = kernel.shape[0]
  # A convolution of stride one with the kernel turned around: s - 1 zeros
  # between numbers, and around them what its windows need.
  config = [(0, 0, 0)]
  for side, outputs in zip(x.shape[1:3], change.shape[1:3], strict=True):
    before = size - 1 - _padding(side, size, stride)[0]
    extent = stride * (outputs - 1) + 1
    config.append((before, side + size - 1 - before - extent, stride - 1))
  padded = jax.lax.pad(change, jnp.zeros((), change.dtype), [*config, (0,) * 3])
  of_x = _sum_of_shifts(padded, kernel[::-1, ::-1], 1).astype(x.dtype)
  # The windows that every number of the kernel saw.
  padding = [_padding(side, size, stride) for side in x.shape[1:3]]
  windows = jnp.pad(x.astype(jnp.float32), [(0, 0), *padding, (0, 0)])
  of_kernel = [
      jnp.sum(change * part, (0, 1, 2))
      for part in _shifts(windows, size, stride)
  ]
  return of_x, jnp.stack(of_kernel).reshape(kernel.shape).astype(kernel.dtype)


depthwise.defvjp(_forward, _backward)


def _padding(side: int, size: int, stride: int) -> tuple[int, int]:
  """Pixels before and after, as TensorFlow's 'SAME' has them."""
  needed = max(stride * (-(-side // stride) - 1) + size - side, 0)
  return needed // 2, needed - needed // 2


def _shifts(x: jax.Array, size: int, stride: int) -> list[jax.Array]:
  """What each number of the kernel meets, row by row, in a padded map."""
  # Of the last window the first pixel is the last that counts.
  rows, columns = (side - size + 1 for side in x.shape[1:3])
  return [
      x[:, i : i + rows : stride, j : j + columns : stride]
      for i in range(size)
      for j in range(size)
  ]


def _sum_of_shifts(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
  """Convolution of a padded map."""
  size = kernel.shape[0]
  numbers = kernel.reshape(-1, 1, 1, 1, kernel.shape[-1])
  return functools.reduce(
      jnp.add,
      (
          number * part
          for number, part in zip(
              numbers, _shifts(x, size, stride), strict=True
          )
      ),
  )
