"""What is random about a view of an image, and which of it is accepted."""

import dataclasses
from typing import Any

from lsl_jax.data import spec as spec_lib
from lsl_jax.data.augmentation import erasing

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
