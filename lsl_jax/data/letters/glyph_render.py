"""One image of a letter: turned, sheared, stretched, moved, paler or darker."""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

_SUPERSAMPLING = 3
_MARGIN = 2  # empty pixels around the ink, so that its edge stays soft
_GRID = 4096.0


class Distortion(NamedTuple):
  """How one image differs from the font's own drawing.

  Attributes:
    rotation: radians.
    shear: how far x moves for each pixel of y.
    aspect: logarithm of width over height, relative to the font's.
    extent: the longer side of the ink, as a share of the image's side.
    right: where the ink lies between the left (0) and the right edge (1).
    down: the same between the upper and the lower edge.
    ink: grey level of the letter, 0 .. 255.
    paper: grey level of the rest, lighter than the ink.
  """

  rotation: float
  shear: float
  aspect: float
  extent: float
  right: float
  down: float
  ink: int
  paper: int


# Upper ends of the grey levels are exclusive, as they are rounded down.
LOW = Distortion(-0.26, -0.25, -0.25, 0.55, 0.0, 0.0, 0, 160)
HIGH = Distortion(0.26, 0.25, 0.25, 0.95, 1.0, 1.0, 110, 256)


def sample(seed: tuple[int, ...]) -> Distortion:
  """Draws a distortion, a function of the seed alone.

  Args:
    seed: non-negative integers, at least one.

  Returns:
    The distortion, each part uniform in its range.
  """
  generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
  uniform = generator.random(len(LOW)).tolist()
  drawn = [
      low + share * (high - low)
      for share, low, high in zip(uniform, LOW, HIGH, strict=True)
  ]
  return Distortion(*drawn[:-2], ink=int(drawn[-2]), paper=int(drawn[-1]))


def render(outline: Image.Image, how: Distortion, size: int) -> np.ndarray:
  """Draws a letter, whole, into a square image.

  Args:
    outline: the letter's ink, as `glyph_fonts.outline` gives it.
    how: the distortion.
    size: the image's side in pixels.

  Returns:
    `[size, size]` uint8.
  """
  width, height = outline.size
  side = size * _SUPERSAMPLING
  cosine, sine = math.cos(how.rotation), math.sin(how.rotation)
  wide, tall = math.exp(how.aspect / 2), math.exp(-how.aspect / 2)
  # Stretch, then shear along x, then rotate: the columns of the map.
  xx, xy = cosine * wide, (cosine * how.shear - sine) * tall
  yx, yy = sine * wide, (sine * how.shear + cosine) * tall
  reach_x = abs(xx) * width + abs(xy) * height
  reach_y = abs(yx) * width + abs(yy) * height
  scale = how.extent * side / max(reach_x, reach_y)
  centre_x = side / 2 + (how.right - 0.5) * (side - scale * reach_x)
  centre_y = side / 2 + (how.down - 0.5) * (side - scale * reach_y)
  determinant = scale * (xx * yy - xy * yx)
  # Pillow wants the way back, from the image's pixels to the outline's. On a
  # coarse grid of numbers, the last bit of a machine's sine does not matter and
  # Pillow's sums of products are exact.
  back = [_rounded(n / determinant) for n in (yy, -xy, -yx, xx)]
  left, top = _rounded(centre_x), _rounded(centre_y)
  padded = Image.new('L', (width + 2 * _MARGIN, height + 2 * _MARGIN))
  padded.paste(outline, (_MARGIN, _MARGIN))
  coverage = padded.transform(
      (side, side),
      Image.Transform.AFFINE,
      (
          *(back[0], back[1]),
          padded.width / 2 - back[0] * left - back[1] * top,
          *(back[2], back[3]),
          padded.height / 2 - back[2] * left - back[3] * top,
      ),
      resample=Image.Resampling.BILINEAR,
  ).reduce(_SUPERSAMPLING)
  shares = np.asarray(coverage, np.int32)
  mixed = how.paper * (255 - shares) + how.ink * shares
  return ((mixed + 127) // 255).astype(np.uint8)


def _rounded(value: float) -> float:
  return round(value * _GRID) / _GRID
