"""Parts of an image taken away: Cutout and Random Erasing.

References:
  DeVries, Taylor. Improved regularization of convolutional neural networks with
  Cutout. arXiv 1708.04552, 2017.
  Zhong, Zheng, Kang, Li, Yang. Random erasing data augmentation. AAAI 2020.
"""

from collections.abc import Sequence
import math

import chex
import jax
import jax.numpy as jnp

# The grey that is zero after the symmetric normalisation.
GREY = 127.5
# A value for all channels, or one for each.
Fill = float | Sequence[float]
_TRIES = 10  # How often a rectangle is looked for that fits.


def cutout(
    key: jax.Array,
    image: jax.Array,
    *,
    side: int,
    probability: float = 1.0,
    fill: Fill | None = GREY,
) -> jax.Array:
  """Covers a square whose centre is drawn uniformly from all pixels.

  The square may reach over the edge, so that less than all of it covers
  something (DeVries and Taylor, section 3.2).

  Args:
    key: of the place.
    image: `[H, W, 3]` with values in 0 .. 255.
    side: of the square in pixels; the paper has 16 for CIFAR-10 and 8 for
      CIFAR-100.
    probability: that anything is covered; the paper's square always is.
    fill: what the square is filled with, about the mean of images, which
      becomes the zero of the paper; None for this image's own mean over pixels
      and channels, as in the program of cGLO's authors.

  Returns:
    `[H, W, 3]` float32.
  """
  chex.assert_rank(image, 3)
  height, width = image.shape[:2]
  chosen = jnp.mean(image.astype(jnp.float32)) if fill is None else fill
  centre = jax.random.randint(key, (2,), 0, jnp.array([height, width]))
  first = centre - side // 2
  covered = _fill(image, first, jnp.array([side, side]), chosen)
  happens = jax.random.bernoulli(jax.random.fold_in(key, 1), probability)
  return jnp.where(happens, covered, image.astype(jnp.float32))


def random_erase(
    key: jax.Array,
    image: jax.Array,
    *,
    probability: float = 0.5,
    area: tuple[float, float] = (0.02, 0.33),
    aspect: tuple[float, float] = (0.3, 3.3),
    fill: Fill = GREY,
) -> jax.Array:
  """Covers, with a probability, a random rectangle inside the image.

  Its share of the area is drawn uniformly, its ratio of height to width
  log-uniformly, its place uniformly from those where it fits. The first of ten
  tries that fits is taken; if none does, nothing is covered.

  Args:
    key: of this image.
    image: `[H, W, 3]` with values in 0 .. 255.
    probability: that anything is covered.
    area: smallest and largest share of the image.
    aspect: smallest and largest height / width. The paper draws it uniformly
      from 0.3 .. 1 / 0.3; the framework that cGLO's comparison uses, and this,
      log-uniformly, so that high and wide ones are alike.
    fill: what the rectangle is filled with, about the mean of images; the paper
      finds random values slightly better.

  Returns:
    `[H, W, 3]` float32.

  References:
    Zhong et al. 2020, algorithm 1.
  """
  chex.assert_rank(image, 3)
  height, width = image.shape[:2]
  coin_key, box_key = jax.random.split(key)
  uniforms = jax.random.uniform(box_key, (_TRIES, 4))
  pixels = (area[0] + uniforms[:, 0] * (area[1] - area[0])) * height * width
  low, high = math.log(aspect[0]), math.log(aspect[1])
  ratio = jnp.exp(low + uniforms[:, 1] * (high - low))
  heights = jnp.round(jnp.sqrt(pixels * ratio))
  widths = jnp.round(jnp.sqrt(pixels / ratio))
  fits = (heights >= 1) & (heights < height) & (widths >= 1) & (widths < width)
  tops = jnp.floor(uniforms[:, 2] * (height - heights + 1))
  lefts = jnp.floor(uniforms[:, 3] * (width - widths + 1))
  chosen = jnp.argmax(fits)
  covered = _fill(
      image,
      jnp.stack([tops, lefts], -1)[chosen],
      jnp.stack([heights, widths], -1)[chosen],
      fill,
  )
  happens = jax.random.bernoulli(coin_key, probability) & jnp.any(fits)
  return jnp.where(happens, covered, image.astype(jnp.float32))


def _fill(image, first, size, fill):
  """Fills the rectangle from a first pixel on, where the image has it."""
  rows = jnp.arange(image.shape[0])[:, None, None]
  columns = jnp.arange(image.shape[1])[None, :, None]
  inside = (
      (rows >= first[0])
      & (rows < first[0] + size[0])
      & (columns >= first[1])
      & (columns < first[1] + size[1])
  )
  fill = jnp.asarray(fill, jnp.float32).reshape(1, 1, -1)
  return jnp.where(inside, fill, image.astype(jnp.float32))
