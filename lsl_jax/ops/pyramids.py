"""The Laplacian pyramid of images: what each scale adds to the next.

References:
  Burt, Adelson. The Laplacian pyramid as a compact image code. IEEE
  Transactions on Communications, 1983.
  Bojanowski, Joulin, Lopez-Paz, Szlam. Optimizing the latent space of
  generative networks. ICML 2018 (the loss of the original GLO).
"""

import chex
import jax
import jax.numpy as jnp

_BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def laplacian_pyramid(
    images: jax.Array, *, levels: int = 4
) -> tuple[jax.Array, ...]:
  r"""Differences between scales, the finest first, and what is left.

  .. math:: g_0 = x, \quad g_{j+1} = \downarrow\! (k * g_j), \quad
      L_j = g_j - k * \uparrow\! g_{j+1}

  with the binomial kernel k of five by five pixels; images are repeated at
  their edges. Every second pixel is kept on the way down, and each is repeated
  on the way up. The last entry is :math:`g` itself, so that
  :math:`g_j = L_j + k * \uparrow\! g_{j+1}` gives the image back.

  Args:
    images: x, `[B, H, W, C]`, floating.
    levels: how many entries there are; one is the image alone.

  Returns:
    `levels` maps, the j-th of `[B, ceil(H / 2^j), ceil(W / 2^j), C]`.

  Raises:
    ValueError: fewer than one level, or more than the image has scales.

  >>> fine, coarse = laplacian_pyramid(jnp.ones((1, 4, 4, 3)), levels=2)
  >>> fine.shape, coarse.shape, float(jnp.abs(fine).max())
  ((1, 4, 4, 3), (1, 2, 2, 3), 0.0)
  """
  chex.assert_rank(images, 4)
  scales = max(images.shape[1:3]).bit_length()
  if not 1 <= levels <= scales:
    raise ValueError(
        f'a pyramid of {levels} levels; images of {images.shape[1]} x'
        f' {images.shape[2]} have from 1 to {scales}'
    )
  maps, current = [], images
  for _ in range(levels - 1):
    smaller = _blur(current)[:, ::2, ::2]
    maps.append(current - _expand(smaller, current.shape))
    current = smaller
  return (*maps, current)


def _expand(images, shape):
  """Twice as large, smooth, cut to a shape."""
  larger = jnp.repeat(jnp.repeat(images, 2, axis=1), 2, axis=2)
  return _blur(larger[:, : shape[1], : shape[2]])


def _blur(images):
  """Convolves with the binomial kernel, one axis after the other."""
  for axis in (1, 2):
    widths = [(0, 0)] * 4
    widths[axis] = (2, 2)
    padded = jnp.pad(images, widths, mode='edge')
    size = images.shape[axis]
    shifted = (
        weight * jax.lax.slice_in_dim(padded, i, i + size, axis=axis)
        for i, weight in enumerate(_BINOMIAL)
    )
    images = sum(shifted, jnp.zeros_like(images))
  return images
