"""Maps of the 256 values of a channel, and blends: what AutoAugment is made of.

The arithmetic is that of Pillow's ImageOps and ImageEnhance, on whole numbers
in 0 .. 255 that are kept as float32.
"""

import chex
import jax
import jax.numpy as jnp

from lsl_jax.data.augmentation import colour

_VALUES = 256


def histogram(image: jax.Array) -> jax.Array:
  """How often each value occurs in each channel, `[3, 256]` int32."""
  chex.assert_rank(image, 3)
  values = jnp.round(image).astype(jnp.int32).reshape(-1, image.shape[-1])
  count = lambda channel: jnp.zeros(_VALUES, jnp.int32).at[channel].add(1)
  return jax.vmap(count, in_axes=1)(values)


def apply(image: jax.Array, table: jax.Array) -> jax.Array:
  """Maps every value of every channel through its `[3, 256]` table."""
  values = jnp.round(image).astype(jnp.int32)
  channels = jnp.arange(image.shape[-1]).reshape(1, 1, -1)
  return table[jnp.broadcast_to(channels, values.shape), values]


def identity() -> jax.Array:
  """The table that changes nothing, `[3, 256]`."""
  return jnp.broadcast_to(jnp.arange(_VALUES, dtype=jnp.float32), (3, _VALUES))


def autocontrast(counts: jax.Array) -> jax.Array:
  """Stretches a channel's smallest value to 0 and its largest to 255.

  Args:
    counts: `histogram` of the image.

  Returns:
    The table, `[3, 256]`; the identity for a channel of a single value.
  """
  values = jnp.arange(_VALUES)[None, :]
  present = counts > 0
  low = jnp.min(jnp.where(present, values, _VALUES), -1, keepdims=True)
  high = jnp.max(jnp.where(present, values, -1), -1, keepdims=True)
  stretched = 255 * (values - low) // jnp.maximum(high - low, 1)
  stretched = jnp.clip(stretched, 0, 255).astype(jnp.float32)
  return jnp.where(high > low, stretched, values.astype(jnp.float32))


def equalize(counts: jax.Array) -> jax.Array:
  """Makes all values of a channel about equally frequent.

  Args:
    counts: `histogram` of the image.

  Returns:
    The table, `[3, 256]`; the identity for a channel with one value, or with
    too few pixels for a step.
  """
  last = _VALUES - 1 - jnp.argmax(counts[:, ::-1] > 0, axis=-1)
  of_last = jnp.take_along_axis(counts, last[:, None], axis=-1)
  step = (jnp.sum(counts, -1, keepdims=True) - of_last) // 255
  below = jnp.cumsum(counts, -1) - counts
  table = (below + step // 2) // jnp.maximum(step, 1)
  table = jnp.clip(table, 0, 255).astype(jnp.float32)
  return jnp.where(step > 0, table, identity())


def invert() -> jax.Array:
  """255 minus the value, `[3, 256]`."""
  return 255.0 - identity()


def solarize(threshold: jax.Array | float) -> jax.Array:
  """Inverts values from a threshold on, `[3, 256]`."""
  return jnp.where(identity() < threshold, identity(), invert())


def posterize(bits: jax.Array | int) -> jax.Array:
  """Keeps the highest bits of each value, 1 to 8, `[3, 256]`."""
  step = jnp.exp2(8.0 - bits)
  return jnp.floor(identity() / step) * step


def brightness(factor: jax.Array | float) -> jax.Array:
  """Blends with black: 0 is black, 1 the image, `[3, 256]`."""
  return _blend(jnp.zeros((3, _VALUES)), identity(), factor)


def contrast(factor: jax.Array | float, mean: jax.Array) -> jax.Array:
  """Blends with the mean luma, rounded, of the image, `[3, 256]`."""
  flat = jnp.broadcast_to(jnp.floor(mean + 0.5), (3, _VALUES))
  return _blend(flat, identity(), factor)


def mean_luma(image: jax.Array) -> jax.Array:
  """The mean of the pixels' lumas, each a whole number, `[]`."""
  return jnp.mean(_luma(image))


def saturate(image: jax.Array, factor: jax.Array | float) -> jax.Array:
  """Blends with grey: 0 is grey, 1 the image, `[H, W, 3]`."""
  grey = jnp.broadcast_to(_luma(image), image.shape)
  return _blend(grey, image, factor)


def sharpen(image: jax.Array, factor: jax.Array | float) -> jax.Array:
  """Blends with a smoothed image: 0 is smooth, 1 the image, `[H, W, 3]`.

  The filter weighs a pixel five times as much as each of its eight neighbours;
  pixels at the edge are left as they are.
  """
  chex.assert_rank(image, 3)
  height, width = image.shape[:2]
  if min(height, width) < 3:
    return image
  total = 4.0 * image[1:-1, 1:-1]
  for i in range(3):
    for j in range(3):
      total = total + image[i : height - 2 + i, j : width - 2 + j]
  smooth = image.at[1:-1, 1:-1].set(jnp.floor(total / 13 + 0.5))
  return _blend(smooth, image, factor)


def _luma(image):
  """Lumas as Pillow rounds them, `[H, W, 1]`."""
  return jnp.floor(colour.grey(image) + 0.5)


def _blend(start, end, factor):
  """Whole numbers, cut off below and cut to 0 .. 255."""
  return jnp.clip(jnp.trunc(start + factor * (end - start)), 0, 255)
