import os
import string

import numpy as np
import pytest

from lsl_jax.data.letters import glyph_classes, glyph_fonts

_UNASSIGNED = '\U0010ffff'


def test_every_style_is_a_font_that_matplotlib_ships_and_appears_once():
  files = [style.file for style in glyph_fonts.STYLES]
  assert len(set(files)) == len(files)
  for file in files:
    assert os.path.isfile(os.path.join(glyph_fonts.folder(), file)), file


def test_a_slanted_font_is_on_the_side_of_its_upright_sister():
  sides = {style.file: style.is_train for style in glyph_fonts.STYLES}
  for upright, slanted in (
      ('DejaVuSans', 'DejaVuSans-Oblique'),
      ('DejaVuSans-Bold', 'DejaVuSans-BoldOblique'),
      ('DejaVuSansMono', 'DejaVuSansMono-Oblique'),
      ('DejaVuSansMono-Bold', 'DejaVuSansMono-BoldOblique'),
      ('DejaVuSerif', 'DejaVuSerif-Italic'),
      ('DejaVuSerif-Bold', 'DejaVuSerif-BoldItalic'),
      ('STIXGeneral', 'STIXGeneralItalic'),
      ('STIXGeneralBol', 'STIXGeneralBolIta'),
  ):
    assert sides[f'{upright}.ttf'] == sides[f'{slanted}.ttf'], upright


def test_candidates_are_bare_letters_of_the_five_alphabets_in_order():
  letters = glyph_fonts.candidates()
  assert list(letters) == sorted(set(letters))
  assert {'A', 'þ', 'ϟ', 'ђ', 'Ա', 'ֆ', 'Ⴀ', 'ა', 'ⴀ'} <= set(letters)
  for absent in ('É', '1', 'א', 'ʁ', 'ﬁ', 'ª'):
    assert absent not in letters
  alphabets = {glyph_fonts.alphabet(letter) for letter in letters}
  assert alphabets == set(glyph_fonts.ALPHABETS)


@pytest.mark.parametrize(
    'file', ['DejaVuSerif.ttf', 'DejaVuSansMono.ttf', 'DejaVuSans.ttf']
)
def test_no_letter_is_drawn_as_the_box_for_missing_glyphs(file):
  box = glyph_fonts.outline(file, _UNASSIGNED)
  for letter in sorted(glyph_fonts.drawn(file)):
    drawing = glyph_fonts.outline(file, letter)
    same = drawing.size == box.size and drawing.tobytes() == box.tobytes()
    assert not same, f'U+{ord(letter):04X}'


def test_where_missing_glyphs_are_blank_every_letter_draws_something():
  with pytest.raises(ValueError, match='draws nothing'):
    glyph_fonts.outline('STIXGeneral.ttf', _UNASSIGNED)
  for letter in sorted(glyph_fonts.drawn('STIXGeneral.ttf')):
    assert min(glyph_fonts.outline('STIXGeneral.ttf', letter).size) > 4


def test_a_drawing_is_cut_to_its_ink():
  ink = np.asarray(glyph_fonts.outline('DejaVuSans.ttf', 'g'))
  for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]):
    assert edge.any()


def test_a_sign_without_ink_is_refused_by_name():
  with pytest.raises(ValueError, match=r'DejaVuSans\.ttf.*nothing.*U\+0020'):
    glyph_fonts.outline('DejaVuSans.ttf', ' ')


def test_of_computer_modern_only_the_letters_of_ascii_are_trusted():
  for style in glyph_fonts.STYLES:
    if style.file.startswith('cm'):
      assert glyph_fonts.drawn(style.file) <= set(string.ascii_letters)


def _stretched(file, letter):
  image = glyph_fonts.outline(file, letter).resize((24, 24))
  return np.asarray(image.convert('L'), float) / 255


@pytest.mark.parametrize(
    ('file', 'like'),
    [
        ('cmr10.ttf', 'STIXGeneral.ttf'),
        ('cmb10.ttf', 'STIXGeneralBol.ttf'),
        ('cmti10.ttf', 'STIXGeneralItalic.ttf'),
        ('cmmi10.ttf', 'STIXGeneralItalic.ttf'),
        ('cmss10.ttf', 'DejaVuSans.ttf'),
        ('cmtt10.ttf', 'DejaVuSansMono.ttf'),
    ],
)
def test_a_letter_of_computer_modern_looks_like_that_letter_elsewhere(
    file, like
):
  letters = sorted(glyph_fonts.drawn(file))
  assert len(letters) == 52
  theirs = np.stack([_stretched(like, letter) for letter in letters])
  right = 0
  for letter in letters:
    ours = _stretched(file, letter)
    nearest = np.abs(theirs - ours).mean((1, 2)).argmin()
    right += letters[nearest].lower() == letter.lower()
  assert right >= 30, right  # by chance it would be two


def test_the_ink_that_is_compared_fills_the_square_in_one_direction():
  for letter in 'oOlm':
    ink = glyph_classes.normalised('DejaVuSans.ttf', letter)
    assert ink.shape == (64, 64)
    assert max(np.ptp(np.nonzero(ink)[axis]) for axis in (0, 1)) >= 61


def test_the_same_size_makes_small_o_nearly_a_capital():
  small, capital, other = (
      glyph_classes.normalised('DejaVuSans.ttf', letter) for letter in 'oOd'
  )
  near, far = glyph_classes.distances_between([capital, small, other])[0, 1:]
  assert near < glyph_classes.THRESHOLD < far
