"""Encoded images that stay encoded until they are asked for.

`Files`, `Pack` and any other sequence derived from `Encoded` give image i as a
uint8 `[h, w, 3]` RGB array when indexed, whatever the file held: greyscale and
palettes become RGB, transparency is laid on white, 16 bits become 8, CMYK is
converted and the EXIF orientation applied. An unreadable image is an
`ImageError` that names it.
"""

from collections.abc import Sequence
import io
import operator
import pathlib

import numpy as np
from PIL import Image, ImageOps

# Formats whose decoders start no other program and that photographs come in.
FORMATS = ('BMP', 'GIF', 'JPEG', 'PNG', 'PPM', 'TIFF', 'WEBP')

# Bytes; larger than any photograph, smaller than what would fill the memory.
_LARGEST_FILE = 2**29


class ImageError(ValueError):
  """An image that cannot be read; the message names it and says why."""


def decode(
    data: bytes, name: str, *, max_pixels: int | None = None
) -> np.ndarray:
  """Decodes an image file to RGB.

  Args:
    data: the content of a file in one of `FORMATS`.
    name: what to call the image in an error.
    max_pixels: how many it may have; by default `PIL.Image.MAX_IMAGE_PIXELS`.

  Returns:
    `[h, w, 3]` uint8. Of an animation, the first frame.

  Raises:
    ImageError: the file is empty, truncated, corrupt, of another format, or has
      more pixels than it may.
  """
  try:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
      _check_size(image.size, max_pixels or Image.MAX_IMAGE_PIXELS)
      return np.asarray(_to_rgb(ImageOps.exif_transpose(image)))
  except Image.UnidentifiedImageError as error:
    what = 'the file is empty' if not data else 'not an image'
    raise ImageError(
        f'{name}: {what}; accepted are {", ".join(FORMATS)}'
    ) from error
  # Pillow's decoders raise errors of almost any type on a damaged file.
  except Exception as error:
    raise ImageError(
        f'{name}: cannot be decoded ({type(error).__name__}: {error})'
    ) from error


def _check_size(size: tuple[int, int], limit: int | None) -> None:
  """Refuses what Pillow itself only warns of."""
  if limit is not None and size[0] * size[1] > limit:
    raise ValueError(
        f'{size[0]} x {size[1]} pixels are more than the limit of {limit}'
    )


def _to_rgb(image: Image.Image) -> Image.Image:
  """Any mode as 8-bit RGB."""
  if image.mode.startswith('I'):
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
      raise ValueError('integer pixels must be within 16 bits')
    image = Image.fromarray(((values + 128) // 257).astype(np.uint8))
  elif image.mode == 'F':
    raise ValueError('floating-point pixels have no agreed range')
  if image.has_transparency_data:
    image = image.convert('RGBA')
    white = Image.new('RGBA', image.size, 'white')
    image = Image.alpha_composite(white, image)
  return image.convert('RGB')


class Encoded(Sequence):
  """A sequence of encoded images; a source says how to read and name them."""

  def __len__(self) -> int:
    raise TypeError(f'{type(self).__name__} must define its length')

  def read(self, index: int) -> bytes:
    """The encoded image, for `index` in 0 .. len - 1."""
    raise TypeError(f'{type(self).__name__} must define how it reads')

  def describe(self, index: int) -> str:
    """What to call the image in an error."""
    return f'image {index}'

  # No slices: a part of a lazy sequence is a subset.Subset.
  def __getitem__(self, index) -> np.ndarray:  # pyrefly: ignore[bad-override]
    number = operator.index(index)
    if not -len(self) <= number < len(self):
      raise IndexError(f'image {number} of {len(self)}')
    number %= len(self)
    name = self.describe(number)
    try:
      data = self.read(number)
    except OSError as error:
      raise ImageError(f'{name}: cannot be read ({error})') from error
    return decode(data, name)

  def __repr__(self) -> str:
    return f'{type(self).__name__}({len(self)} images)'


class Files(Encoded):
  """Image files on disk.

  Attributes:
    paths: the files, one an image.
  """

  def __init__(self, paths: Sequence[pathlib.Path | str]):
    self.paths = tuple(str(p) for p in paths)

  def __len__(self) -> int:
    return len(self.paths)

  def read(self, index: int) -> bytes:
    """The content of the file, if that can be one image."""
    path = pathlib.Path(self.paths[index])
    if path.stat().st_size > _LARGEST_FILE:
      raise OSError(
          f'{path.stat().st_size} bytes are more than {_LARGEST_FILE}, the'
          ' largest file that is read as one image'
      )
    return path.read_bytes()

  def describe(self, index: int) -> str:
    """The path of the file."""
    return self.paths[index]


class Pack(Encoded):
  """Image files laid end to end in one array.

  Attributes:
    data: `[bytes]` uint8, the files one after the other.
    offsets: `[M + 1]`, file i is `data[offsets[i]:offsets[i + 1]]`.
    name: what to call the pack in an error.
  """

  def __init__(self, data: np.ndarray, offsets: np.ndarray, name: str = 'pack'):
    self.data = data
    self.offsets = np.asarray(offsets).astype(np.int64)
    self.name = name

  def __len__(self) -> int:
    return len(self.offsets) - 1

  def read(self, index: int) -> bytes:
    """A copy of the bytes of the file."""
    return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()

  def describe(self, index: int) -> str:
    """The pack and the number in it."""
    return f'{self.name}, image {index}'
