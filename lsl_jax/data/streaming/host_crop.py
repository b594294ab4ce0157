"""Resize and crop of one image on the host, with Pillow."""

import dataclasses

import numpy as np
from PIL import Image

from lsl_jax.data.augmentation import augment_spec, geometry
from lsl_jax.data.reading import encoded


@dataclasses.dataclass(frozen=True)
class Crop:
  """Resizes and crops one image in a single interpolation.

  Attributes:
    spec: of which crop, size, area and aspect are used.
    resize: pixels to which both sides are brought first, or None.
    keep_aspect: bring the shorter side to `resize`, not both.
  """

  spec: augment_spec.Spec
  resize: int | None = None
  keep_aspect: bool = False

  def __post_init__(self):
    if self.spec.padding:
      raise ValueError(
          f'padding={self.spec.padding} is for images in memory; streamed'
          ' images are cropped from a larger size (resize=...).'
      )
    size = self.spec.size
    if size and self.resize and size > self.resize:
      raise ValueError(
          f'A crop of {size} pixels does not fit into images of'
          f' resize={self.resize}.'
      )

  def __call__(self, image: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """The view of an image.

    Args:
      image: `[h, w, 3]` uint8.
      uniforms: `[geometry.TRIES, 4]` numbers in [0, 1), the randomness.

    Returns:
      `[size, size, 3]` uint8, bilinear with antialiasing where resized.

    Raises:
      encoded.ImageError: if the crop does not fit into the image.
    """
    height, width = image.shape[:2]
    rows, columns = self._resized(height, width)
    size = self.spec.size
    shape = (rows, columns) if size is None else (size, size)
    if self.spec.crop == 'resized':
      # As torchvision: the box is drawn from the image as it was stored.
      top, left, box_height, box_width = geometry.resized_box(
          uniforms,
          height,
          width,
          area=self.spec.area,
          aspect=self.spec.aspect,
      )
      box = (left, top, left + box_width, top + box_height)
    else:
      room = np.array([rows - shape[0], columns - shape[1]])
      if min(room) < 0:
        raise encoded.ImageError(
            f'a crop of {size} pixels does not fit into {height} x {width};'
            ' set resize'
        )
      if self.spec.crop == 'random':
        top, left = np.floor(uniforms[0, :2] * (room + 1))
      else:
        top, left = room // 2
      scale = np.array([width / columns, height / rows] * 2)
      box = tuple(
          np.array([left, top, left + shape[1], top + shape[0]]) * scale
      )
      if (rows, columns) == (height, width):
        left, top, right, bottom = map(int, box)
        return image[top:bottom, left:right]
    return np.asarray(
        Image.fromarray(image).resize(
            shape[::-1], Image.Resampling.BILINEAR, box=box
        )
    )

  def _resized(self, height: int, width: int) -> tuple[int, int]:
    """Height and width before the crop."""
    if self.resize is None:
      return height, width
    if not self.keep_aspect:
      return self.resize, self.resize
    short = min(height, width)
    return (
        round(height * self.resize / short),
        round(width * self.resize / short),
    )
