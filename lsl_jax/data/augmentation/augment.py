"""Random views of images, and normalisation: `batch(keys, images, spec)`.

The parts are functions of a key and one image, in `geometry`, `affine`,
`colour`, `autoaugment` and `erasing`; here a `Spec` says which of them are
used, and vmap makes batches.
"""

import dataclasses
import functools
from typing import Any

import chex
import jax
import jax.numpy as jnp

from lsl_jax.data import spec as spec_lib
from lsl_jax.data.augmentation import (
    affine,
    autoaugment,
    colour,
    erasing,
    geometry,
)

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CROPS = ('none', 'centre', 'random', 'resized')
POLICIES = ('none', 'cifar10')


@dataclasses.dataclass(frozen=True)
class Spec:
  """What is random about a view of an image. The default changes nothing.

  Qi, Brown and Lowe (CVPR 2018) resize to 256 x 256 beforehand and use
  `Spec(crop='random', size=224, flip=True)`.

  Attributes:
    crop: 'none', 'centre', 'random' (a square of `size` after padding) or
      'resized' (a random box, resized to `size`).
    size: side of the result in pixels; None keeps the image's.
    padding: pixels added on every side before a random crop.
    fill: value, in 0 .. 255, of pixels outside of the image; None repeats the
      edge pixels.
    area: smallest and largest share of the image in a resized crop.
    aspect: smallest and largest width / height of a resized crop.
    flip: whether left and right are swapped in half of the views.
    rotation: largest rotation, in degrees.
    zoom: largest relative change of each side.
    shear: largest shear, in columns a row.
    translation: largest move, as a share of the side.
    brightness: largest relative change of the brightness.
    contrast: the same of the contrast.
    saturation: the same of the saturation.
    policy: 'none', or 'cifar10' for AutoAugment's, see `autoaugment`.
    cutout: side of the square that Cutout covers, in pixels; 0 for none.
    cutout_probability: of covering anything.
    cutout_mean: whether its square is filled with the image's own mean.
    erase: probability of Random Erasing.
    mask: what both of them fill in, a value or one a channel; the default is 0
      after the symmetric normalisation.
  """

  crop: str = 'none'
  size: int | None = None
  padding: int = 0
  fill: float | None = 0.0
  area: tuple[float, float] = (0.08, 1.0)
  aspect: tuple[float, float] = (3 / 4, 4 / 3)
  flip: bool = False
  rotation: float = 0.0
  zoom: float = 0.0
  shear: float = 0.0
  translation: float = 0.0
  brightness: float = 0.0
  contrast: float = 0.0
  saturation: float = 0.0
  policy: str = 'none'
  cutout: int = 0
  cutout_probability: float = 1.0
  cutout_mean: bool = False
  erase: float = 0.0
  mask: erasing.Fill = erasing.GREY

  def __post_init__(self):
    if self.crop not in CROPS:
      raise ValueError(
          f'unknown crop {self.crop!r}; {spec_lib.choices(self.crop, CROPS)}'
      )
    if self.policy not in POLICIES:
      raise ValueError(
          f'unknown policy {self.policy!r};'
          f' {spec_lib.choices(self.policy, POLICIES)}'
      )
    for name in ('erase', 'cutout_probability'):
      if not 0 <= getattr(self, name) <= 1:
        raise ValueError(f'{name}={getattr(self, name)} is not a probability.')
    if self.cutout < 0:
      raise ValueError(f'cutout={self.cutout} is not a number of pixels.')
    if self.padding and self.crop != 'random':
      raise ValueError(
          f"padding={self.padding} needs crop='random', not {self.crop!r}."
      )
    if self.size is not None and self.crop == 'none':
      raise ValueError(
          f"size={self.size} needs a crop: {', '.join(CROPS[1:])}."
      )
    for name in ('brightness', 'contrast', 'saturation', 'zoom'):
      change = getattr(self, name)
      if not 0 <= change <= 1 or (name == 'zoom' and change == 1):
        raise ValueError(f'{name}={change} is not a relative change in [0, 1].')
    for name in ('area', 'aspect'):
      low, high = getattr(self, name)
      if not 0 < low <= high:
        raise ValueError(
            f'{name}={(low, high)} is not a pair 0 < smallest <= largest.'
        )
      # Lists, as configs may hold, would keep the Spec from being hashed.
      object.__setattr__(self, name, (float(low), float(high)))
    if not isinstance(self.mask, float | int):
      object.__setattr__(self, 'mask', tuple(map(float, self.mask)))


def make_spec(options: Any) -> Spec:
  """A `Spec` from a part of a configuration.

  Args:
    options: attributes of `Spec` by name: a mapping, a ConfigDict or an object.

  Returns:
    The spec.

  Raises:
    ValueError: for a name that `Spec` does not have, listing those it has.
  """
  valid = [field.name for field in dataclasses.fields(Spec)]
  options = spec_lib.as_dict(options)
  for name in options:
    if name not in valid:
      raise ValueError(
          f'unknown augmentation {name!r}; {spec_lib.choices(name, valid)}'
      )
  return Spec(**options)


def view(key: jax.Array, image: jax.Array, spec: Spec) -> jax.Array:
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


def batch(keys: jax.Array, images: jax.Array, spec: Spec) -> jax.Array:
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
