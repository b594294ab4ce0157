"""What the backbones share: convolution, batch normalisation and pooling.

The conventions are those of the networks' published weights: explicit symmetric
padding, batch statistics that keep nine tenths of their past, float32
parameters whatever the type of the arithmetic.
"""

import functools
from typing import Any

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp

# Normal, variance 2 / (k * k * out), with k the kernel's size and out the
# number of channels that leave the layer.
conv_init = nn.initializers.variance_scaling(2.0, 'fan_out', 'normal')


def conv(
    channels: int,
    size: int,
    *,
    name: str,
    stride: int = 1,
    use_bias: bool = False,
    dtype: Any = None,
) -> nn.Conv:
  """Square convolution, padded by `size // 2` on every side.

  Args:
    channels: how many leave the layer.
    size: of the kernel, odd.
    name: of the submodule.
    stride: in both directions.
    use_bias: whether a bias is added; batch normalisation makes it useless.
    dtype: of the arithmetic, None for that of the input.

  Returns:
    The Linen module, to be called in a compact method.
  """
  return nn.Conv(
      channels,
      (size, size),
      (stride, stride),
      padding=size // 2,
      use_bias=use_bias,
      kernel_init=conv_init,
      dtype=dtype,
      name=name,
  )


def batch_norm(
    train: bool,
    *,
    axis_name: str | None = None,
    epsilon: float = 1e-5,
    dtype: Any = None,
) -> functools.partial:
  """Batch normalisation for one call of a backbone; give it a name only.

  Args:
    train: whether statistics are the batch's, and its running ones updated.
    axis_name: mapped axis over which the batch is divided, or None.
    epsilon: added to the variance.
    dtype: of the result; statistics are float32 in any case.

  Returns:
    A constructor of Linen modules.
  """
  return functools.partial(
      nn.BatchNorm,
      use_running_average=not train,
      momentum=0.9,
      epsilon=epsilon,
      dtype=dtype,
      axis_name=axis_name,
  )


def max_pool_2x2(x: jax.Array) -> jax.Array:
  """Maximum over 2x2 windows that do not overlap; an odd last row is dropped.

  Slices and `maximum` instead of a window reduction, whose gradient XLA
  computes more slowly on a CPU.

  Args:
    x: `[B, H, W, D]`.

  Returns:
    `[B, H // 2, W // 2, D]`.

  >>> max_pool_2x2(jnp.arange(4.0).reshape(1, 2, 2, 1)).item()
  3.0
  """
  chex.assert_rank(x, 4)
  height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
  rows = jnp.maximum(x[:, 0:height:2], x[:, 1:height:2])
  return jnp.maximum(rows[:, :, 0:width:2], rows[:, :, 1:width:2])


def max_pool(
    x: jax.Array, size: int, stride: int, *, cover: bool = False
) -> jax.Array:
  """Maximum over windows that may overlap.

  Args:
    x: `[B, H, W, D]`.
    size: of the square window.
    stride: between windows, in both directions.
    cover: pad at the end only, as far as the last windows need to cover the
      whole input; otherwise pad `(size - 1) // 2` on every side.

  Returns:
    `[B, H', W', D]`.

  >>> x = jnp.arange(16.0).reshape(1, 4, 4, 1)
  >>> max_pool(x, 3, 2)[0, :, :, 0].tolist()
  [[5.0, 7.0], [13.0, 15.0]]
  >>> max_pool(x, 3, 2, cover=True)[0, :, :, 0].tolist()
  [[10.0, 11.0], [14.0, 15.0]]
  """
  chex.assert_rank(x, 4)
  padding = [((size - 1) // 2, (size - 1) // 2)] * 2
  if cover:
    padding = [(0, max(size - n, (size - n) % stride)) for n in x.shape[1:3]]
  return nn.max_pool(x, (size, size), (stride, stride), padding)


def global_mean(x: jax.Array) -> jax.Array:
  """Mean over positions, in float32: `[B, H, W, D]` to `[B, D]`."""
  chex.assert_rank(x, 4)
  return jnp.mean(x, (1, 2), dtype=jnp.float32)
