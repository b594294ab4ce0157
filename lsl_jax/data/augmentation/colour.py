"""Random brightness, contrast and saturation of one image."""

import chex
import jax
import jax.numpy as jnp

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def grey(image: jax.Array) -> jax.Array:
  """The luma 0.299 R + 0.587 G + 0.114 B, `[H, W, 1]`."""
  red, green, blue = (image[..., i : i + 1] for i in range(3))
  return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def random_jitter(
    key: jax.Array,
    image: jax.Array,
    *,
    brightness: float = 0.0,
    contrast: float = 0.0,
    saturation: float = 0.0,
) -> jax.Array:
  r"""Changes brightness, then contrast, then saturation by random factors.

  Each factor :math:`f` is drawn uniformly from :math:`[1 - x, 1 + x]`; then
  :math:`x \leftarrow f x + (1 - f) r`, cut to 0 .. 255, where the reference
  :math:`r` is black, the mean luma of the image, and each pixel's luma.

  Args:
    key: of this image.
    image: `[H, W, 3]` with values in 0 .. 255.
    brightness: x of the brightness, in [0, 1].
    contrast: x of the contrast, in [0, 1].
    saturation: x of the saturation, in [0, 1].

  Returns:
    `[H, W, 3]` float32 with values in 0 .. 255.
  """
  chex.assert_rank(image, 3)
  image = image.astype(jnp.float32)
  amounts = jax.random.uniform(key, (3,), minval=-1.0)

  def blend(image, reference, amount):
    return jnp.clip(reference + (1 + amount) * (image - reference), 0.0, 255.0)

  if brightness:
    image = blend(image, 0.0, brightness * amounts[0])
  if contrast:
    # Lumas as whole numbers, as in Pillow, have one sum in any order.
    lumas = jnp.round(grey(image)).astype(jnp.int32)
    mean = jnp.sum(lumas) / (image.shape[0] * image.shape[1])
    image = blend(image, mean, contrast * amounts[1])
  if saturation:
    image = blend(image, grey(image), saturation * amounts[2])
  return image
