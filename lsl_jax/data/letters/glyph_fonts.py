"""The styles in which glyphs are drawn: fonts that matplotlib brings along."""

import functools
import os
import string
from typing import NamedTuple
import unicodedata

import matplotlib
from matplotlib import ft2font
from PIL import Image, ImageDraw, ImageFont

ALPHABETS = ('LATIN', 'GREEK', 'CYRILLIC', 'ARMENIAN', 'GEORGIAN')
_EM = 96  # pixels; three times an image's side, so that shrinking is smooth

# Blocks of the alphabets' own letters. Phonetic ones and ligatures of scribes
# lie elsewhere; most of them repeat a letter, turned or with a hook.
_BLOCKS = (
    range(0x0041, 0x0250),  # Latin, up to Extended-B
    range(0x0370, 0x0400),  # Greek and its archaic letters
    range(0x0400, 0x0530),  # Cyrillic and its supplement
    range(0x0531, 0x0590),  # Armenian
    range(0x10A0, 0x1100),  # Georgian: Asomtavruli, Mkhedruli
    range(0x2D00, 0x2D30),  # Georgian: Nuskhuri
)


class Style(NamedTuple):
  """One font, which draws either training or test images.

  Attributes:
    file: the font's file name.
    is_train: whether its drawings are training images.
  """

  file: str
  is_train: bool


# An upright font and its slanted sister, which often is only a shear of it,
# stay on the same side. DejaVu Sans Mono lacks two of Georgian's three scripts,
# STIX and Computer Modern have neither Georgian nor Armenian; every letter has
# at least six training and two test styles. The order is part of each image's
# random seed: append, never reorder.
STYLES = (
    Style('DejaVuSans.ttf', True),
    Style('DejaVuSans-Oblique.ttf', True),
    Style('DejaVuSans-Bold.ttf', True),
    Style('DejaVuSans-BoldOblique.ttf', True),
    Style('DejaVuSerif.ttf', True),
    Style('DejaVuSerif-Italic.ttf', True),
    Style('DejaVuSerif-Bold.ttf', False),
    Style('DejaVuSerif-BoldItalic.ttf', False),
    Style('DejaVuSansMono.ttf', False),
    Style('DejaVuSansMono-Oblique.ttf', False),
    Style('DejaVuSansMono-Bold.ttf', True),
    Style('DejaVuSansMono-BoldOblique.ttf', True),
    Style('STIXGeneral.ttf', True),
    Style('STIXGeneralItalic.ttf', True),
    Style('STIXGeneralBol.ttf', False),
    Style('STIXGeneralBolIta.ttf', False),
    Style('cmr10.ttf', True),
    Style('cmti10.ttf', True),
    Style('cmmi10.ttf', True),
    Style('cmtt10.ttf', True),
    Style('cmb10.ttf', False),
    Style('cmss10.ttf', False),
)

# In these a letter must be drawn to be taken at all.
REQUIRED = tuple(style.file for style in STYLES[:8])


def folder() -> str:
  """Where matplotlib keeps its fonts."""
  return os.path.join(matplotlib.get_data_path(), 'fonts', 'ttf')


@functools.cache
def drawn(file: str) -> frozenset[str]:
  """The letters of the five alphabets that a font draws, as itself.

  Args:
    file: the font's file name.

  Returns:
    Letters for which the font has a glyph, without those that Unicode composes
    of a letter and an accent.
  """
  charmap = ft2font.FT2Font(os.path.join(folder(), file)).get_charmap()
  covered = {chr(code) for code, glyph in charmap.items() if glyph}
  if file.startswith('cm'):
    # Computer Modern keeps TeX's encodings: beyond A-Z and a-z, a place of the
    # table may hold another sign than Unicode says.
    covered &= set(string.ascii_letters)
  return frozenset(filter(_is_letter, covered))


def candidates() -> tuple[str, ...]:
  """The letters that all `REQUIRED` fonts draw, in code-point order."""
  return tuple(sorted(frozenset.intersection(*map(drawn, REQUIRED))))


def alphabet(letter: str) -> str:
  """The alphabet of a letter, one of `ALPHABETS`, or another first word.

  >>> alphabet('Ж')
  'CYRILLIC'
  """
  return unicodedata.name(letter, ' ').split(' ', 1)[0]


def outline(file: str, letter: str) -> Image.Image:
  """A letter, large and cut to its ink.

  Args:
    file: the font's file name.
    letter: one of `drawn(file)`.

  Returns:
    A greyscale image: 255 is ink, 0 is not.

  Raises:
    ValueError: if the font leaves the letter empty.
  """
  image = Image.new('L', (4 * _EM, 3 * _EM))
  draw = ImageDraw.Draw(image)
  draw.text((_EM, _EM), letter, fill=255, font=_font(file))
  box = image.getbbox()
  if box is None:
    raise ValueError(f'{file} draws nothing for U+{ord(letter):04X}')
  return image.crop(box)


def _is_letter(letter: str) -> bool:
  return (
      unicodedata.category(letter) in ('Lu', 'Ll', 'Lo')
      and any(ord(letter) in block for block in _BLOCKS)
      and alphabet(letter) in ALPHABETS
      and not unicodedata.decomposition(letter)
  )


@functools.cache
def _font(file: str) -> ImageFont.FreeTypeFont:
  # The basic layout is the one that every build of Pillow has.
  return ImageFont.truetype(
      os.path.join(folder(), file),
      _EM,
      layout_engine=ImageFont.Layout.BASIC,
  )
