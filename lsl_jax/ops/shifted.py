"""Convolutions to few channels as one product, for many kernels side by side.

Where every task of a batch has kernels of its own, a convolution becomes one of
as many groups as there are tasks, which libraries compute slowly. As a product
with all positions of the kernel at once, followed by shifted sums, it is a
batched matrix product, and what it reads is read once, not once a position.
"""

from collections.abc import Iterable
import functools

import chex
import jax
import jax.numpy as jnp


def convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
  r"""Zero-padded correlation with stride one, as `lax.conv` has it.

  .. math:: y_{ij} = \sum_{ab} x_{i + a - h, j + b - h} K_{ab},
      \quad h = \lfloor k / 2 \rfloor

  Args:
    x: `[B, H, W, F]`.
    kernel: `[k, k, F, D]`, k odd, D small.

  Returns:
    `[B, H, W, D]`.

  >>> x = jnp.arange(3.0).reshape(1, 1, 3, 1)
  >>> convolve(x, jnp.ones((3, 3, 1, 1))).reshape(-1).tolist()
  [1.0, 3.0, 3.0]
  """
  chex.assert_rank([x, kernel], 4)
  chex.assert_axis_dimension(kernel, 2, x.shape[-1])
  size, width, _, channels = kernel.shape
  if size != width or size % 2 == 0:
    raise ValueError(f'kernel is {size} x {width}; accepted: odd squares')
  _, rows, columns, depth = x.shape
  stacked = kernel.transpose(2, 0, 1, 3).reshape(depth, -1)
  products = (x @ stacked).reshape(*x.shape[:3], size, size, channels)
  if size == 1:
    return products[..., 0, 0, :]
  half = size // 2
  # Along columns, then along rows: six shifted sums, where both at once would
  # be nine and take a compiler much longer.
  products = jnp.pad(products, ((0, 0), (0, 0), (half, half), *((0, 0),) * 3))
  by_rows = _sum(products[:, :, b : b + columns, :, b] for b in range(size))
  by_rows = jnp.pad(by_rows, ((0, 0), (half, half), *((0, 0),) * 3))
  return _sum(by_rows[:, a : a + rows, :, a] for a in range(size))


def _sum(terms: Iterable[jax.Array]) -> jax.Array:
  return functools.reduce(jnp.add, terms)


def max_pool(x: jax.Array, padding: str | None) -> jax.Array:
  """Maximum over 2x2 windows of stride two.

  Args:
    x: `[B, H, W, D]`.
    padding: 'valid' leaves out what windows do not reach, 'same' covers it,
      None pools nothing.

  Returns:
    `[B, H / 2, W / 2, D]`, or x.
  """
  if padding is None:
    return x
  _, rows, columns, _ = x.shape
  if padding == 'same':
    x = jnp.pad(
        x,
        ((0, 0), (0, rows % 2), (0, columns % 2), (0, 0)),
        constant_values=-jnp.inf,
    )
  elif padding != 'valid':
    raise ValueError(f'padding is {padding!r}; accepted: valid, same, None')
  rows, columns = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
  x = x[:, :rows, :columns]
  x = jnp.maximum(x[:, ::2], x[:, 1::2])
  return jnp.maximum(x[:, :, ::2], x[:, :, 1::2])
