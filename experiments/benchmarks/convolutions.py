"""Formulations of convolution to compare with `lax.conv_general_dilated`.

Each is a function of an image batch `[B, H, W, C]` and a 3x3 kernel
`[3, 3, C, O]` that gives the convolution of stride 1, padded by one pixel,
`[B, H, W, O]`, and can be differentiated. `swapped` lets the networks of the
library use one of them; other convolutions (1x1, strided) stay as they are.
"""

from collections.abc import Callable, Iterator
import contextlib
import functools
from unittest import mock

import jax
from jax import lax
import jax.numpy as jnp
import winograd  # pyrefly: ignore[missing-import]

from lsl_jax.models import convolution as models_convolution

Convolution = Callable[[jax.Array, jax.Array], jax.Array]


def nhwc(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """What the library does."""
  return lax.conv_general_dilated(
      x, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC')
  )


def nchw(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """The same with channels in front."""
  y = lax.conv_general_dilated(
      jnp.moveaxis(x, 3, 1),
      jnp.transpose(kernel, (3, 2, 0, 1)),
      (1, 1),
      'SAME',
  )
  return jnp.moveaxis(y, 1, 3)


def im2col(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """One product of all patches, nine times the image, with the kernel."""
  patches = jnp.concatenate([x for row in _shifts(x) for x in row], -1)
  return patches @ kernel.reshape(-1, kernel.shape[-1])


def quarters(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """im2col of a quarter of the batch after another."""
  if len(x) % 4:
    return im2col(x, kernel)
  parts = x.reshape(4, -1, *x.shape[1:])
  return lax.map(lambda part: im2col(part, kernel), parts).reshape(
      *x.shape[:3], -1
  )


def shifts(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """The sum of nine products, one a place of the kernel."""
  views = _shifts(x)
  return functools.reduce(
      jnp.add,
      (views[i][j] @ kernel[i, j] for i in range(3) for j in range(3)),
  )


def rows(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """The sum of three products, one a row of the kernel."""
  views = _shifts(x)
  return functools.reduce(
      jnp.add,
      (
          jnp.concatenate(views[i], -1) @ kernel[i].reshape(-1, kernel.shape[3])
          for i in range(3)
      ),
  )


def _shifts(x: jax.Array) -> list[list[jax.Array]]:
  height, width = x.shape[1:3]
  x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
  return [
      [x[:, i : i + height, j : j + width] for j in range(3)] for i in range(3)
  ]


FORMULATIONS: dict[str, Convolution] = {
    'nhwc': nhwc,
    'nchw': nchw,
    'im2col': im2col,
    'im2col by quarters': quarters,
    '9 shifts': shifts,
    '3 rows': rows,
    'winograd 2x2': functools.partial(winograd.convolve, side=2),
    'winograd 4x4': functools.partial(winograd.convolve, side=4),
}


@contextlib.contextmanager
def swapped(convolution: Convolution, channels: int = 1) -> Iterator[None]:
  """Networks that are applied inside convolve by it, where it applies.

  Args:
    convolution: for kernels of 3x3 and stride 1.
    channels: least number of input channels for which it is used.
  """

  def general(x, kernel, strides, padding, **options):
    if (
        kernel.shape[:2] == (3, 3)
        and tuple(strides) == (1, 1)
        and kernel.shape[2] >= channels
    ):
      return convolution(x, kernel)
    return lax.conv_general_dilated(x, kernel, strides, padding, **options)

  with mock.patch.object(models_convolution, 'convolve', general):
    yield
