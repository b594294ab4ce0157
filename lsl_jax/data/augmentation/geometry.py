"""Crops, flips and affine maps of one image, as functions of a key.

An image is `[H, W, 3]`, uint8 or float, with values in 0 .. 255. Crops by whole
pixels and flips keep the type; functions that interpolate return float32.
Nothing here knows of batches: vmap over keys and images.
"""

import math
from typing import Any

import chex
import jax
import jax.numpy as jnp

TRIES = 10  # How often a random-resized crop looks for a box that fits.


def _check_fits(size: int, height: int, width: int) -> None:
  """Refuses a crop that is larger than the image."""
  if size > min(height, width):
    raise ValueError(
        f'A crop of {size} pixels does not fit into an image of {height} x'
        f' {width}; take larger images, or add padding.'
    )


def pad(image: jax.Array, padding: int, fill: float | None = 0.0) -> jax.Array:
  """Adds a border; `fill` is its value, None repeats the edge pixels."""
  widths = ((padding, padding), (padding, padding), (0, 0))
  if fill is None:
    return jnp.pad(image, widths, mode='edge')
  return jnp.pad(image, widths, constant_values=fill)


def random_crop(
    key: jax.Array,
    image: jax.Array,
    *,
    size: int | None = None,
    padding: int = 0,
    fill: float | None = 0.0,
) -> jax.Array:
  """A square at a place drawn uniformly from all that fit.

  Args:
    key: of this image.
    image: `[H, W, 3]`.
    size: side of the square in pixels; None keeps H x W, which moves the image
      by up to `padding` pixels.
    padding: pixels added on every side beforehand.
    fill: their value; None repeats the edge pixels.

  Returns:
    `[size, size, 3]`, in the type of the image.

  Raises:
    ValueError: where the crop does not fit.
  """
  chex.assert_rank(image, 3)
  padded = pad(image, padding, fill) if padding else image
  height, width = image.shape[:2]
  if size is not None:
    _check_fits(size, *padded.shape[:2])
    height = width = size
  room = jnp.array(
      [padded.shape[0] - height + 1, padded.shape[1] - width + 1], jnp.int32
  )
  top, left = jax.random.randint(key, (2,), 0, room)
  return jax.lax.dynamic_slice(
      padded, (top, left, jnp.zeros_like(top)), (height, width, image.shape[2])
  )


def centre_crop(image: jax.Array, *, size: int | None = None) -> jax.Array:
  """The square in the middle; an odd remainder goes to the bottom and right.

  Args:
    image: `[..., H, W, 3]`, a NumPy or JAX array.
    size: side of the square in pixels; None keeps the image.

  Returns:
    `[..., size, size, 3]`.

  Raises:
    ValueError: where the crop does not fit.
  """
  height, width = image.shape[-3:-1]
  if size is None:
    return image
  if size > min(height, width):
    raise ValueError(
        f'A crop of {size} pixels does not fit into an image of {height} x'
        f' {width}.'
    )
  top, left = (height - size) // 2, (width - size) // 2
  return image[..., top : top + size, left : left + size, :]


def random_flip(key: jax.Array, image: jax.Array) -> jax.Array:
  """Swaps left and right with probability 1/2; not for letters."""
  return jnp.where(jax.random.bernoulli(key), image[:, ::-1], image)


def resized_box(
    uniforms: Any,
    height: int,
    width: int,
    *,
    area: tuple[float, float],
    aspect: tuple[float, float],
) -> Any:
  """The box of a random-resized crop, from numbers in [0, 1).

  The box has a share of the image's area drawn uniformly from `area` and a
  ratio width / height drawn log-uniformly from `aspect`. The first try that
  fits into the image is taken; if none does, the largest central box whose
  ratio is allowed.

  Args:
    uniforms: `[tries, 4]`, a JAX or NumPy array: the arithmetic is the same on
      the host and on the device.
    height: H, in pixels.
    width: W, in pixels.
    area: smallest and largest share of the image.
    aspect: smallest and largest width / height.

  Returns:
    `[4]` whole numbers as floats: top, left, height, width.
  """
  xp = uniforms.__array_namespace__()
  pixels = (area[0] + uniforms[:, 0] * (area[1] - area[0])) * (height * width)
  low, high = math.log(aspect[0]), math.log(aspect[1])
  ratio = xp.exp(low + uniforms[:, 1] * (high - low))
  heights, widths = xp.sqrt(pixels / ratio), xp.sqrt(pixels * ratio)
  heights, widths = xp.round(heights), xp.round(widths)
  fits = (heights >= 1) & (heights <= height) & (widths >= 1)
  fits = fits & (widths <= width)
  tops = xp.floor(uniforms[:, 2] * (height - heights + 1))
  lefts = xp.floor(uniforms[:, 3] * (width - widths + 1))
  boxes = xp.stack([tops, lefts, heights, widths], axis=-1)
  nearest = min(max(width / height, aspect[0]), aspect[1])
  h = max(1, min(height, round(width / nearest)))
  w = max(1, min(width, round(height * nearest)))
  middle = xp.asarray([(height - h) // 2, (width - w) // 2, h, w], boxes.dtype)
  return xp.where(xp.any(fits), boxes[xp.argmax(fits)], middle)


def random_resized_crop(
    key: jax.Array,
    image: jax.Array,
    *,
    size: int | None = None,
    area: tuple[float, float] = (0.08, 1.0),
    aspect: tuple[float, float] = (3 / 4, 4 / 3),
) -> jax.Array:
  """A random box of random size and shape, resized to a square.

  Args:
    key: of this image.
    image: `[H, W, 3]`.
    size: side of the result in pixels; None keeps H x W.
    area: share of the image that the box has, see `resized_box`.
    aspect: ratio width / height of the box.

  Returns:
    `[size, size, 3]` float32, interpolated bilinearly with antialiasing.
  """
  chex.assert_rank(image, 3)
  height, width, channels = image.shape
  shape = (height, width) if size is None else (size, size)
  box = resized_box(
      jax.random.uniform(key, (TRIES, 4)),
      height,
      width,
      area=area,
      aspect=aspect,
  )
  scale = jnp.array(shape, jnp.float32) / box[2:]
  return jax.image.scale_and_translate(
      image.astype(jnp.float32),
      (*shape, channels),
      (0, 1),
      scale,
      -box[:2] * scale,
      method='linear',
      antialias=True,
      precision=jax.lax.Precision.HIGHEST,
  )
