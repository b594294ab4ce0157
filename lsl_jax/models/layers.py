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

from lsl_jax.models import convolution

# Normal, variance 2 / (k * k * out), with k the kernel's size and out the
# number of channels that leave the layer.
conv_init = nn.initializers.variance_scaling(2.0, 'fan_out', 'normal')


def conv(
    channels: int,
    size: int,
    *,
    name: str,
    stride: int = 1,
    padding: int | str | None = None,
    use_bias: bool = False,
    dtype: Any = None,
    kernel_init: Any = conv_init,
) -> nn.Conv:
  """Square convolution, padded by `size // 2` on every side.

  Args:
    channels: how many leave the layer.
    size: of the kernel, odd.
    name: of the submodule.
    stride: in both directions.
    padding: another one: pixels on every side, or 'SAME', which is TensorFlow's
      and puts the odd pixel of a stride at the end.
    use_bias: whether a bias is added; batch normalisation makes it useless.
    dtype: of the arithmetic, None for that of the input.
    kernel_init: `(key, shape, dtype) -> kernel`.

  Returns:
    The Linen module, to be called in a compact method.
  """
  return nn.Conv(
      channels,
      (size, size),
      (stride, stride),
      padding=size // 2 if padding is None else padding,
      use_bias=use_bias,
      kernel_init=kernel_init,
      dtype=dtype,
      conv_general_dilated=convolution.convolve,
      name=name,
  )


def batch_norm(
    train: bool,
    *,
    axis_name: str | None = None,
    momentum: float = 0.9,
    epsilon: float = 1e-5,
    dtype: Any = None,
) -> functools.partial:
  """Batch normalisation for one call of a backbone; give it a name only.

  Args:
    train: whether statistics are the batch's, and its running ones updated.
    axis_name: mapped axis over which the batch is divided, or None.
    momentum: how much of their past running statistics keep.
    epsilon: added to the variance.
    dtype: of the result; statistics are float32 in any case.

  Returns:
    A constructor of Linen modules.
  """
  return functools.partial(
      nn.BatchNorm,
      use_running_average=not train,
      momentum=momentum,
      epsilon=epsilon,
      dtype=dtype,
      axis_name=axis_name,
  )


def max_pool(
    x: jax.Array, size: int, stride: int, *, cover: bool = False
) -> jax.Array:
  """Maximum over square windows, first along columns, then along rows.

  Slices and `maximum` instead of a window reduction: the gradient of the latter
  makes a training step on a CPU take two to three times as long. Where several
  pixels of a window are largest, they share the gradient.

  Args:
    x: `[B, H, W, D]`, floating.
    size: of the window.
    stride: between windows, in both directions.
    cover: pad at the end only, as far as the last windows need to cover the
      whole input; otherwise pad `(size - 1) // 2` on every side and leave out
      what the windows do not reach.

  Returns:
    `[B, H', W', D]`.

  >>> x = jnp.arange(16.0).reshape(1, 4, 4, 1)
  >>> max_pool(x, 2, 2)[0, :, :, 0].tolist()
  [[5.0, 7.0], [13.0, 15.0]]
  >>> max_pool(x, 3, 2, cover=True)[0, :, :, 0].tolist()
  [[10.0, 11.0], [14.0, 15.0]]
  """
  chex.assert_rank(x, 4)
  padding = [(0, 0), (0, 0), (0, 0), (0, 0)]
  for axis in (1, 2):
    before = after = (size - 1) // 2
    if cover:
      missing = size - x.shape[axis]
      before, after = 0, max(missing, missing % stride)
    padding[axis] = (before, after)
  x = jnp.pad(x, padding, constant_values=-jnp.inf)
  return _max_along(_max_along(x, 1, size, stride), 2, size, stride)


def global_mean(x: jax.Array) -> jax.Array:
  """Mean over positions, in float32: `[B, H, W, D]` to `[B, D]`."""
  chex.assert_rank(x, 4)
  return jnp.mean(x, (1, 2), dtype=jnp.float32)


def _max_along(x: jax.Array, axis: int, size: int, stride: int) -> jax.Array:
  """Maximum over windows of one axis."""
  reach = stride * ((x.shape[axis] - size) // stride) + 1
  return functools.reduce(
      jnp.maximum,
      (
          jax.lax.slice_in_dim(x, start, start + reach, stride, axis)
          for start in range(size)
      ),
  )
