"""Convolutions on small maps, and those that double a map, for CPUs too.

XLA's CPU compiler hands a convolution to a fast kernel only where no window is
larger than the map that it moves over, padding not counted. Other ones it
computes product by product, 20 to 100 times more slowly: 3x3 kernels on the 2x2
maps at the end of VGG-16 for 32 pixels, the gradient of a stride that ends in
such a map, the kernel's gradient of a transposed convolution, whose window is
the larger map. Here they are matrix products, and convolutions of a padded map.
Other devices have kernels for all of them, and keep them
(experiments/benchmarks/small_maps.py).
"""

from collections.abc import Sequence
from typing import Any

import chex
from flax import linen as nn
import jax
from jax import lax
import jax.numpy as jnp

_LAYOUT = ('NHWC', 'HWIO', 'NHWC')


def convolve(
    x: jax.Array,
    kernel: jax.Array,
    strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    **options: Any,
) -> jax.Array:
  """`lax.conv_general_dilated`, as `nn.Conv` calls it.

  Args:
    x: `[B, H, W, F]`.
    kernel: `[k, l, F, D]`.
    strides: in both directions.
    padding: pixels before and after, in both directions, or a name of them.
    **options: the others of `lax.conv_general_dilated`.

  Returns:
    `[B, H', W', D]`.

  >>> x = jnp.arange(4.0).reshape(1, 2, 2, 1)
  >>> same = [(1, 1), (1, 1)]
  >>> convolve(x, jnp.ones((3, 3, 1, 1)), (1, 1), same)[0, ..., 0].tolist()
  [[6.0, 6.0], [6.0, 6.0]]
  """
  pads = padding
  if isinstance(pads, str):
    pads = lax.padtype_to_pads(x.shape[1:3], kernel.shape[:2], strides, pads)
  sides = [
      (side + before + after - window) // stride + 1
      for side, (before, after), window, stride in zip(
          x.shape[1:3], pads, kernel.shape[:2], strides, strict=True
      )
  ]
  fits = all(
      window <= min(side, end)
      for window, side, end in zip(
          kernel.shape[:2], x.shape[1:3], sides, strict=True
      )
  )
  if fits or jax.default_backend() != 'cpu' or not _is_plain(options):
    options.setdefault('dimension_numbers', _LAYOUT)
    return lax.conv_general_dilated(x, kernel, strides, padding, **options)
  x = jnp.pad(x, [(0, 0), *pads, (0, 0)])
  # Every window as one row. Maps are smaller than kernels, so there are few.
  windows = [
      x[
          :,
          i : i + strides[0] * (sides[0] - 1) + 1 : strides[0],
          j : j + strides[1] * (sides[1] - 1) + 1 : strides[1],
      ]
      for i in range(kernel.shape[0])
      for j in range(kernel.shape[1])
  ]
  rows = jnp.concatenate(windows, -1)
  return rows @ kernel.reshape(-1, kernel.shape[-1])


def double(x: jax.Array, kernel: jax.Array) -> jax.Array:
  r"""Transposed convolution of stride 2 that doubles both sides.

  .. math:: y_{2i + a,\, 2j + b} = \sum_{u, v \in \{0, 1\}}
      x_{i + a + u - 1,\, j + b + v - 1}\, K_{a + 2u,\, b + 2v}

  Each of the four places (a, b) in a pixel is a convolution of its own with
  2x2 of the kernel's numbers; together they are one with four times as many
  channels.

  Args:
    x: `[B, H, W, F]`.
    kernel: K, `[4, 4, F, D]`.

  Returns:
    `[B, 2H, 2W, D]`, which is `lax.conv_transpose` with 'SAME'.

  >>> double(jnp.ones((1, 1, 1, 1)), jnp.ones((4, 4, 1, 1))).shape
  (1, 2, 2, 1)
  """
  chex.assert_rank([x, kernel], 4)
  chex.assert_shape(kernel, (4, 4, x.shape[-1], None))
  if jax.default_backend() != 'cpu':
    return lax.conv_transpose(
        x, kernel, (2, 2), 'SAME', dimension_numbers=_LAYOUT
    )
  batch, height, width, depth = x.shape
  channels = kernel.shape[-1]
  # [u, a, v, b, F, D] to [u, v, F, (a, b, D)].
  kernel = kernel.reshape(2, 2, 2, 2, depth, channels)
  kernel = kernel.transpose(0, 2, 4, 1, 3, 5).reshape(2, 2, depth, -1)
  # Padded here, since the kernel's gradient has as large a window as the
  # result, which must not be larger than the map.
  x = jnp.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
  y = lax.conv_general_dilated(
      x, kernel, (1, 1), 'VALID', dimension_numbers=_LAYOUT
  ).reshape(batch, height + 1, width + 1, 2, 2, channels)
  y = jnp.stack([y[:, a : a + height, :, a] for a in (0, 1)], 2)
  y = jnp.stack([y[:, :, :, b : b + width, b] for b in (0, 1)], 4)
  return y.reshape(batch, 2 * height, 2 * width, channels)


class Doubling(nn.Module):
  """A 4x4 transposed convolution that doubles both sides, see `double`.

  Its variables are those of `nn.ConvTranspose`.

  Attributes:
    channels: of the result.
    kernel_init: `(key, shape, dtype) -> kernel`.
    use_bias: whether a bias is added.
    dtype: of the arithmetic, None for that of the input.
  """

  channels: int
  kernel_init: Any
  use_bias: bool = True
  dtype: Any = None

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, F]` to `[B, 2H, 2W, channels]`."""
    shape = (4, 4, x.shape[-1], self.channels)
    kernel = self.param('kernel', self.kernel_init, shape)
    bias = None
    if self.use_bias:
      bias = self.param('bias', nn.initializers.zeros, (self.channels,))
    x, kernel, bias = nn.dtypes.promote_dtype(x, kernel, bias, dtype=self.dtype)
    y = double(x, kernel)
    return y if bias is None else y + bias.reshape(1, 1, 1, -1)


def _is_plain(options: dict[str, Any]) -> bool:
  """Whether nothing is dilated, divided or laid out in another way."""
  return (
      options.get('feature_group_count', 1) == 1
      and options.get('batch_group_count', 1) == 1
      and set(options.get('lhs_dilation') or (1,)) == {1}
      and set(options.get('rhs_dilation') or (1,)) == {1}
      and options.get('precision') is None
  )
