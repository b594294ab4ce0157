import errno
import os
import warnings

import numpy as np
from PIL import Image
import pytest

from lsl_jax.report import figures


def _legend_texts(figure):
  return [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_figure_is_saved_as_a_png_of_its_size(tmp_path):
  figure, _ = figures.panels(2, width=3, height=2)
  path = figures.save(figure, tmp_path / 'new' / 'figure.png')
  with Image.open(path) as image:
    assert image.format == 'PNG'
    assert image.size == (6 * figures.DPI, 2 * figures.DPI)


def test_a_full_disk_leaves_the_old_figure(tmp_path, monkeypatch):
  path = tmp_path / 'figure.png'
  path.write_bytes(b'old')

  def fail(*_):
    raise OSError(errno.ENOSPC, 'No space left on device')

  monkeypatch.setattr(os, 'replace', fail)
  figure, _ = figures.panels(1)
  with pytest.raises(OSError, match=r'cannot write .*figure\.png: No space'):
    figures.save(figure, path)
  assert path.read_bytes() == b'old'
  assert os.listdir(tmp_path) == ['figure.png']


def test_a_missing_glyph_is_no_error_and_other_warnings_remain(tmp_path):
  figure, (axis,) = figures.panels(1)
  axis.set_title('鳥')
  figures.save(figure, tmp_path / 'a.png')
  with (
      pytest.raises(UserWarning, match='other'),
      figures.missing_glyphs_allowed(),
  ):
    warnings.warn('other', stacklevel=1)


def test_panels_wrap_and_leave_no_empty_axes():
  figure, axes = figures.panels(5, width=3, height=2, columns=3)
  assert len(axes) == 5
  assert figure.axes == axes
  assert tuple(figure.get_size_inches()) == (9, 4)


@pytest.mark.parametrize('count', [1, 4, 9])
def test_a_legend_fits_into_the_figure(count, tmp_path):
  figure, (axis,) = figures.panels(1)
  names = [f'a method called {number} 鳥 $x$' for number in range(count)]
  handles = [axis.plot([0, 1])[0] for _ in names]
  height = figure.get_figheight()
  figures.legend(figure, handles, names)
  figures.save(figure, tmp_path / 'a.png')
  assert len(figure.legends) == 1
  assert _legend_texts(figure) == names
  assert figure.get_figheight() > height
  with figures.missing_glyphs_allowed():
    box = figure.legends[0].get_window_extent()
  assert box.width <= figure.bbox.width
  assert axis.get_tightbbox().y0 >= box.y1 - 1


def test_the_palette_has_no_colour_twice():
  assert len(set(figures.COLOURS)) == len(figures.COLOURS)
  assert figures.colour(len(figures.COLOURS)) == figures.COLOURS[0]


def test_shades_grow_lighter():
  shades = [figures.shade(index, 5) for index in range(5)]
  weights = np.array([0.2126, 0.7152, 0.0722])
  lightness = [
      weights @ [int(shade[i : i + 2], 16) for i in (1, 3, 5)]
      for shade in shades
  ]
  assert all(np.diff(lightness) > 10)
  assert figures.shade(0, 1) == shades[0]


@pytest.mark.parametrize(
    ('name', 'short'),
    [
        ('GEORGIAN LETTER AN', 'GEORGIAN LETTER\nAN'),
        ('ARMENIAN SMALL LETTER AYB', 'ARMENIAN SMALL\nLETTER AYB'),
        ('101.White_Pelican', 'White Pelican'),
        ('2024', '2024'),
        ('Հայերեն_տառ', 'Հայերեն տառ'),
        ('tab\there\nline', 'tab here line'),
        ('', ''),
    ],
)
def test_names_of_classes_are_shortened(name, short):
  assert figures.shorten(name) == short


def test_long_names_keep_their_beginning_and_their_last_words():
  short = figures.shorten('CYRILLIC CAPITAL LETTER BYELORUSSIAN-UKRAINIAN I')
  lines = short.split('\n')
  assert len(lines) == 2
  assert max(map(len, lines)) <= 16
  assert short.startswith('CYRILLIC')
  assert short.endswith('… I') or short.endswith('…\nI')
  assert figures.shorten('x' * 90).count('\n') == 1


def test_names_that_are_not_valid_utf_8_can_be_drawn(tmp_path):
  name = os.fsdecode(b'caf\xe9')
  assert figures.shorten(name) == r'caf\udce9'
