"""What all figures share: colours, panels, legends and saving.

Figures are made without pyplot: no global state, no window, nothing to close.
"""

from collections.abc import Iterator, Sequence
import contextlib
import io
import os
import pathlib
import re
import textwrap
from typing import Any
import warnings

import matplotlib
from matplotlib import axes as mpl_axes
from matplotlib import colors, ticker
from matplotlib import figure as mpl_figure
from matplotlib.backends import backend_agg

from lsl_jax.report import atomic

# Okabe and Ito's palette, which the common kinds of colour blindness can tell
# apart, in an order that keeps neighbours far apart; its yellow is left out,
# being too pale for lines on white.
COLOURS = (
    '#0072B2',  # blue
    '#D55E00',  # vermilion
    '#009E73',  # bluish green
    '#CC79A7',  # reddish purple
    '#E69F00',  # orange
    '#56B4E9',  # sky blue
    '#000000',
)
MARKERS = 'osD^vPX*'
RIGHT, WRONG = '#009E73', '#D55E00'
DPI = 150


def colour(index: int) -> str:
  """The colour of the index-th series; colours repeat, markers then differ."""
  return COLOURS[index % len(COLOURS)]


def shade(index: int, count: int) -> str:
  """The colour of the index-th of `count` steps of a quantity, dark to light.

  Taken from plasma, whose lightness grows evenly, so that the order shows in
  grey and to colour-blind readers; its pale end is left out.
  """
  position = 0.83 * index / max(1, count - 1)
  return colors.to_hex(matplotlib.colormaps['plasma'](position))


def panels(
    count: int, *, width: float = 4.6, height: float = 3.5, columns: int = 3
) -> tuple[mpl_figure.Figure, list[mpl_axes.Axes]]:
  """Makes a figure of panels side by side, with room made for all its text.

  Args:
    count: how many panels.
    width: of one panel, in inches.
    height: of one panel, in inches.
    columns: after how many panels to begin a new row.

  Returns:
    The figure and its axes, one a panel.
  """
  columns = min(columns, count)
  rows = -(-count // columns)
  figure = mpl_figure.Figure(
      figsize=(width * columns, height * rows), layout='constrained'
  )
  backend_agg.FigureCanvasAgg(figure)
  axes = list(figure.subplots(rows, columns, squeeze=False).flat)
  for empty in axes[count:]:
    empty.remove()
  return figure, axes[:count]


def label(axis: mpl_axes.Axes, *, x: str, y: str, title: str = ''):
  """Names an axis's quantities and takes away what carries no information."""
  axis.set_xlabel(x, fontsize=11)
  axis.set_ylabel(y, fontsize=11)
  axis.set_title(plain(title), fontsize=11.5, parse_math=False)
  axis.tick_params(labelsize=10)
  axis.grid(True, color='0.9', linewidth=0.8)
  axis.set_axisbelow(True)
  axis.spines[['top', 'right']].set_visible(False)


def values_as_ticks(axis: mpl_axes.Axes, values: Sequence[float]):
  """Puts a logarithmic x axis on the values measured and names just them."""
  axis.set_xscale('log', base=2)
  axis.xaxis.set_major_locator(ticker.FixedLocator(list(values)))
  axis.xaxis.set_major_formatter(
      ticker.FixedFormatter([str(value) for value in values])
  )
  axis.xaxis.set_minor_locator(ticker.NullLocator())
  axis.set_xlim(min(values) / 1.2, max(values) * 1.2)


def legend(
    figure: mpl_figure.Figure,
    handles: Sequence[Any],
    names: Sequence[str],
    columns: int | None = None,
):
  """Puts one legend under all panels, where it cannot cover data.

  Args:
    figure: the figure, which grows by the legend's height.
    handles: lines or bars to explain.
    names: what each is called.
    columns: how many columns to have, if so many fit into the figure's width;
      by default as many as fit.
  """
  names = [plain(name) for name in names]
  least = -(-len(names) // (columns or len(names)))
  for lines in range(least, len(names) + 1):
    count = -(-len(names) // lines)
    box = figure.legend(
        handles,
        names,
        loc='outside lower center',
        ncols=count,
        columnspacing=1.4,
        fontsize=10,
        frameon=False,
        handlelength=2.6,
    )
    for text in box.get_texts():
      text.set_parse_math(False)
    with missing_glyphs_allowed():
      width = box.get_window_extent().width
    if width <= figure.bbox.width or count == 1:
      break
    box.remove()
  figure.set_figheight(figure.get_figheight() + 0.08 + 0.21 * lines)


def plain(text: str) -> str:
  """Text that can be drawn: one line, no control characters, no half codes."""
  text = text.encode(errors='backslashreplace').decode()
  return ' '.join(''.join(c if c.isprintable() else ' ' for c in text).split())


def shorten(name: str, width: int = 16, lines: int = 2) -> str:
  r"""Shortens the name of a class to fit under a small image.

  Numbers in front and underscores, as in names of folders, go away. What is
  still too long loses its middle: what tells classes apart usually stands at
  the end (ARMENIAN SMALL LETTER AYB).

  Args:
    name: the class's name.
    width: how many characters a line may have.
    lines: how many lines there may be.

  Returns:
    The short name, its lines separated by newlines.

  >>> shorten('001.Black_footed_Albatross')
  'Black footed\nAlbatross'
  """
  name = plain(re.sub(r'^\d+[._ -]+(?=\D)', '', name).replace('_', ' '))
  short, kept = name, len(name)
  while len(wrapped := textwrap.wrap(short, width)) > lines:
    kept -= 1
    head, tail = name[: kept // 2], name[len(name) - (kept + 1) // 2 :]
    # A word cut at its beginning is unreadable: keep whole ones, if any.
    short = f'{head.rstrip()}… {tail.partition(" ")[2] or tail}'
  return '\n'.join(wrapped)


def save(
    figure: mpl_figure.Figure, path: str | os.PathLike[str]
) -> pathlib.Path:
  """Writes a figure as PNG, all of it or nothing.

  Args:
    figure: the figure.
    path: the file; its folder is made if it does not exist.

  Returns:
    The path.

  Raises:
    OSError: the file cannot be written. Names it; an older one is untouched.
  """
  buffer = io.BytesIO()
  with missing_glyphs_allowed():
    figure.savefig(buffer, format='png', dpi=DPI, facecolor='white')
  return atomic.write(path, buffer.getvalue())


@contextlib.contextmanager
def missing_glyphs_allowed() -> Iterator[None]:
  """Draws a box for a character that no font here has, without a warning.

  Names of classes may be in any script. A box in a caption is no reason for a
  run to warn, or to stop where warnings are errors.

  Yields:
    Nothing.
  """
  with warnings.catch_warnings():
    warnings.filterwarnings('ignore', message='Glyph .* missing from')
    yield
