"""Which letters are one class: those whose drawings coincide.

Latin A, Greek Alpha and Cyrillic A are drawn alike, and so are o and O once
both have the same size. No list says so; drawings are compared.
"""

from collections.abc import Sequence
import functools
from typing import NamedTuple
import unicodedata

import numpy as np
from PIL import Image

from lsl_jax.data.letters import glyph_fonts

_SIDE = 64  # pixels, of the drawings that are compared

# Two upright fonts with different strokes decide what is one letter; their
# slanted sisters, in which some letters change shape, only what is ambiguous.
# Bold fonts would not do: at equal size, small letters have thicker strokes.
_DECIDING = ('DejaVuSans.ttf', 'DejaVuSerif.ttf')
_AMBIGUOUS = (*_DECIDING, 'DejaVuSans-Oblique.ttf', 'DejaVuSerif-Italic.ttf')

# Of the 189,420 pairs of letters, 73 lie at distance 0 (A and its Greek twin),
# 32 between 1 and 3.2 pixels (s and S, Greek Phi and Armenian Piwr), 72 between
# 3.6 and 4.5 (o and O, x and X, w and W), none from there up to 5.0. All of
# these are one letter to the eye. The first that are not follow at once: q and
# Armenian Za at 5.0, Cyrillic Zhe without and with a descender at 5.4, in a
# crowd that thickens with distance.
THRESHOLD = 4.75


class GlyphClass(NamedTuple):
  """Letters that cannot be told apart.

  Attributes:
    name: Unicode's name of the first of them in code-point order.
    letters: all of them, in code-point order.
  """

  name: str
  letters: str

  @property
  def alphabet(self) -> str:
    """The alphabet of the first letter, one of `glyph_fonts.ALPHABETS`."""
    return glyph_fonts.alphabet(self.letters[0])


@functools.cache
def classes() -> tuple[GlyphClass, ...]:
  """The classes, in code-point order of their first letters.

  Letters are one class if a chain of pairs connects them, each within
  `THRESHOLD` in both deciding styles. A class that comes as near to an earlier
  one in any compared style, but not in both of these (I and l, of which only
  one has serifs), is left out: that style's images would have two answers.
  """
  letters = glyph_fonts.candidates()
  distances = {
      file: distances_between([normalised(file, letter) for letter in letters])
      for file in _AMBIGUOUS
  }
  same = np.maximum(*(distances[file] for file in _DECIDING)) < THRESHOLD
  alike = np.minimum.reduce(list(distances.values())) < THRESHOLD
  kept: list[list[int]] = []
  for group in components(same):
    before = [i for members in kept for i in members]
    if not alike[np.ix_(group, before)].any():
      kept.append(group)
  texts = [''.join(letters[i] for i in group) for group in kept]
  return tuple(GlyphClass(unicodedata.name(text[0]), text) for text in texts)


def normalised(file: str, letter: str) -> np.ndarray:
  """A letter's ink at the size at which letters are compared.

  Args:
    file: the font's file name.
    letter: a letter that the font draws.

  Returns:
    `[64, 64]` bool; the ink's longer side fills the square, centred.
  """
  image = glyph_fonts.outline(file, letter)
  width, height = (
      max(1, round(_SIDE * n / max(image.size))) for n in image.size
  )
  image = image.resize((width, height), Image.Resampling.BICUBIC)
  square = Image.new('L', (_SIDE, _SIDE))
  square.paste(image, ((_SIDE - width) // 2, (_SIDE - height) // 2))
  return np.asarray(square) > 127


def distances_between(drawings: Sequence[np.ndarray]) -> np.ndarray:
  r"""Hausdorff distance of the ink of each pair of drawings.

  .. math:: d(A, B) = \max\big(\max_{a \in A} \min_{b \in B} |a - b|,
      \max_{b \in B} \min_{a \in A} |a - b|\big)

  The farthest that any ink of one lies from all ink of the other: a hook, a bar
  or a dot counts in full, a slightly thicker stroke hardly.

  Args:
    drawings: n of `[H, W]` bool, none of them empty.

  Returns:
    `[n, n]` float32, in pixels; symmetric, zero on the diagonal.

  >>> dot, bar = np.eye(1, 4, dtype=bool), np.ones((1, 4), bool)
  >>> distances_between([dot, bar])
  array([[0., 3.],
         [3., 0.]], dtype=float32)
  """
  squares = np.stack([_squares_to_ink(drawing).ravel() for drawing in drawings])
  # Pixels lead, so that a drawing's ink picks whole rows.
  by_pixel = np.ascontiguousarray(squares.T)
  directed = np.stack([by_pixel[ink.ravel()].max(0) for ink in drawings])
  return np.sqrt(np.maximum(directed, directed.T))


def components(connected: np.ndarray) -> list[list[int]]:
  """The connected components of a graph.

  Args:
    connected: `[n, n]` bool, symmetric.

  Returns:
    Each component's members in ascending order, components by their first.

  >>> components(np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], bool))
  [[0, 2], [1]]
  """
  label = np.arange(len(connected))
  for i, j in np.argwhere(np.triu(connected, 1)):
    first, second = sorted((label[i], label[j]))
    label[label == second] = first
  return [np.flatnonzero(label == k).tolist() for k in np.unique(label)]


def _squares_to_ink(ink: np.ndarray) -> np.ndarray:
  """Squared distance of each pixel to the nearest ink, `[H, W]` float32.

  Squares separate: first the nearest ink of each row, then over the rows.
  """
  height, width = ink.shape
  far = np.float32(4 * (height**2 + width**2))
  result = np.where(ink, np.float32(0), far)
  for _ in range(2):
    step = np.arange(result.shape[1], dtype=np.float32)
    offsets = (step[:, None] - step) ** 2
    result = (result[:, None, :] + offsets).min(-1).T
  return result
