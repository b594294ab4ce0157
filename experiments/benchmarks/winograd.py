"""Winograd's 3x3 convolution in plain JAX, to compare with.

References:
  Lavin, Gray. Fast algorithms for convolutional neural networks. CVPR 2016,
  section 4.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

# Transforms of image tiles, kernel and result, by the side of result's tiles.
_TRANSFORMS = {
    2: (
        ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1)),
        ((1, 1, 1, 0), (0, 1, -1, -1)),
    ),
    4: (
        (
            (4, 0, -5, 0, 1, 0),
            (0, -4, -4, 1, 1, 0),
            (0, 4, -4, -1, 1, 0),
            (0, -2, -1, 2, 1, 0),
            (0, 2, -1, -2, 1, 0),
            (0, 4, 0, -5, 0, 1),
        ),
        (
            (1 / 4, 0, 0),
            (-1 / 6, -1 / 6, -1 / 6),
            (-1 / 6, 1 / 6, -1 / 6),
            (1 / 24, 1 / 12, 1 / 6),
            (1 / 24, -1 / 12, 1 / 6),
            (0, 0, 1),
        ),
        (
            (1, 1, 1, 1, 1, 0),
            (0, 1, -1, 2, -2, 0),
            (0, 1, 1, 4, 4, 0),
            (0, 1, -1, 8, -8, 1),
        ),
    ),
}


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve(x: jax.Array, kernel: jax.Array, side: int) -> jax.Array:
  """Products of transformed tiles, in all three directions."""
  return _forward(x, kernel, side)[0]


def _forward(x, kernel, side):
  _, of_kernel, of_result = _TRANSFORMS[side]
  tiles = _image_tiles(x, side)
  factors = jnp.einsum('ak,bl,klio->abio', *2 * (_array(of_kernel),), kernel)
  products = jnp.einsum(
      'pti,pio->pto', tiles, factors.reshape(-1, *kernel.shape[2:])
  )
  batch, height, width, _ = x.shape
  high, wide = -(-height // side), -(-width // side)
  n = side + 2
  products = products.reshape(n, n, batch, high, wide, -1)
  result = _both(
      of_result, [[products[i, j] for j in range(n)] for i in range(n)]
  )
  result = jnp.stack([jnp.stack(row, 3) for row in result], 2)
  result = result.reshape(batch, high * side, wide * side, -1)
  return result[:, :height, :width], (tiles, kernel)


def _backward(side, saved, gradient):
  tiles, kernel = saved
  _, of_kernel, of_result = _TRANSFORMS[side]
  flipped = jnp.swapaxes(kernel[::-1, ::-1], 2, 3)
  of_x = _forward(gradient, flipped, side)[0]
  _, height, width, channels = gradient.shape
  high, wide = -(-height // side), -(-width // side)
  padding = (
      (0, 0),
      (0, high * side - height),
      (0, wide * side - width),
      (0, 0),
  )
  gradient = jnp.pad(gradient, padding)
  parts = [
      [gradient[:, i::side, j::side] for j in range(side)] for i in range(side)
  ]
  expanded = _both(np.transpose(of_result), parts)
  expanded = jnp.stack([part for row in expanded for part in row])
  expanded = expanded.reshape(len(expanded), -1, channels)
  products = jnp.einsum('pti,pto->pio', tiles, expanded)
  n = side + 2
  of_kernel = jnp.einsum(
      'ak,bl,abio->klio',
      *2 * (_array(of_kernel),),
      products.reshape(n, n, *products.shape[1:]),
  )
  return of_x, of_kernel


convolve.defvjp(_forward, _backward)


def _image_tiles(x, side):
  _, height, width, channels = x.shape
  high, wide = -(-height // side), -(-width // side)
  x = jnp.pad(
      x,
      (
          (0, 0),
          (1, high * side - height + 1),
          (1, wide * side - width + 1),
          (0, 0),
      ),
  )
  n = side + 2
  parts = [
      [
          x[
              :,
              i : i + side * (high - 1) + 1 : side,
              j : j + side * (wide - 1) + 1 : side,
          ]
          for j in range(n)
      ]
      for i in range(n)
  ]
  tiles = _both(_TRANSFORMS[side][0], parts)
  return jnp.stack([tile for row in tiles for tile in row]).reshape(
      n * n, -1, channels
  )


def _array(matrix):
  return jnp.array(matrix, jnp.float32)


def _both(matrix, parts):
  """Product `matrix @ parts @ matrix.T` with a square of arrays."""
  half = [_along(matrix, column) for column in zip(*parts, strict=True)]
  return [_along(matrix, row) for row in zip(*half, strict=True)]


def _along(matrix, parts):
  """Each row of the matrix as a sum of arrays; without its zeros."""
  sums = []
  for row in matrix:
    terms = [
        part if factor == 1 else -part if factor == -1 else float(factor) * part
        for factor, part in zip(row, parts, strict=True)
        if factor
    ]
    sums.append(functools.reduce(jnp.add, terms))
  return sums
