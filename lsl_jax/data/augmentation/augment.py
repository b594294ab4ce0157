"""Random views of images, and normalisation: `batch(keys, images, spec)`.

The parts are functions of a key and one image, in `geometry`, `affine`,
`colour`, `autoaugment` and `erasing`; an `augment_spec.Spec` says which of
them are used, and vmap makes batches.
"""

import functools

import chex
import jax
import jax.numpy as jnp

from lsl_jax.data.augmentation import (
    affine,
    augment_spec,
    autoaugment,
    colour,
    erasing,
    geometry,
)

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def view(
    key: jax.Array, image: jax.Array, spec: augment_spec.Spec
) -> jax.Array:
  """One random view: crop, flip, affine map, colour, policy, masks, in order.

  Args:
    key: of this view.
    image: `[H, W, 3]`, uint8 or float, with values in 0 .. 255.
    spec: what is random.

  Returns:
    `[size, size, 3]` float32 with values in 0 .. 255.

  Raises:
    ValueError: where the crop does not fit into the image.
  """
  # Always four keys, so that switching one part on leaves the others alone.
  crop_key, flip_key, affine_key, colour_key = jax.random.split(key, 4)
  if spec.crop == 'random':
    image = geometry.random_crop(
        crop_key,
        image,
        size=spec.size,
        padding=spec.padding,
        fill=spec.fill,
    )
  elif spec.crop == 'resized':
    image = geometry.random_resized_crop(
        crop_key, image, size=spec.size, area=spec.area, aspect=spec.aspect
    )
  elif spec.crop == 'centre':
    image = geometry.centre_crop(image, size=spec.size)
  if spec.flip:
    image = geometry.random_flip(flip_key, image)
  if spec.rotation or spec.zoom or spec.shear or spec.translation:
    image = affine.random_affine(
        affine_key,
        image,
        rotation=spec.rotation,
        zoom=spec.zoom,
        shear=spec.shear,
        translation=spec.translation,
        fill=spec.fill,
    )
  image = colour.random_jitter(
      colour_key,
      image,
      brightness=spec.brightness,
      contrast=spec.contrast,
      saturation=spec.saturation,
  )
  # Keys beside the four, which are as they were before there were these parts.
  policy_key, cutout_key, erase_key = (
      jax.random.fold_in(key, part) for part in range(4, 7)
  )
  if spec.policy != 'none':
    image = autoaugment.autoaugment(policy_key, image)
  if spec.cutout:
    image = erasing.cutout(
        cutout_key,
        image,
        side=spec.cutout,
        probability=spec.cutout_probability,
        fill=None if spec.cutout_mean else spec.mask,
    )
  if spec.erase:
    image = erasing.random_erase(
        erase_key, image, probability=spec.erase, fill=spec.mask
    )
  return image


def batch(
    keys: jax.Array, images: jax.Array, spec: augment_spec.Spec
) -> jax.Array:
  """One random view of each image.

  Args:
    keys: typed keys, `[B]`.
    images: `[B, H, W, 3]`, uint8 or float, with values in 0 .. 255.
    spec: what is random; static under jit.

  Returns:
    `[B, size, size, 3]` float32 with values in 0 .. 255, to be normalised.
  """
  chex.assert_rank([keys, images], [1, 4])
  chex.assert_equal_shape_prefix([keys, images], 1)
  return jax.vmap(functools.partial(view, spec=spec))(keys, images)


def normalise(
    images: jax.Array,
    *,
    mean: tuple[float, ...] = (0.5, 0.5, 0.5),
    std: tuple[float, ...] = (0.5, 0.5, 0.5),
) -> jax.Array:
  r"""From bytes to the range that networks are trained on.

  .. math:: (x / 255 - \mu) / \sigma

  Args:
    images: `[..., 3]`, uint8 or float, with values in 0 .. 255.
    mean: :math:`\mu` of each channel, in units of 0 .. 1. The default, with
      that of `std`, gives [-1, 1]; torchvision's networks want
      `IMAGENET_MEAN` and `IMAGENET_STD`.
    std: :math:`\sigma` of each channel.

  Returns:
    `[..., 3]` float32.

  >>> normalise(jnp.array([[0, 255, 0]], jnp.uint8))
  Array([[-1.,  1., -1.]], dtype=float32)
  """
  shape = (1,) * (images.ndim - 1) + (len(mean),)
  offset = jnp.array(mean, jnp.float32).reshape(shape)
  width = jnp.array(std, jnp.float32).reshape(shape)
  return (images.astype(jnp.float32) / 255 - offset) / width
