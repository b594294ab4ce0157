"""Rows of pictures, each with a name at its left."""

from collections.abc import Sequence

from matplotlib import figure as mpl_figure
from matplotlib.backends import backend_agg
import numpy as np

from lsl_jax.report import figures

_CELL = 0.75  # inches that one picture takes
_NAME = 1.1  # inches of the names


def picture_rows(
    rows: Sequence[Sequence[np.ndarray]],
    names: Sequence[str],
    *,
    title: str = '',
) -> mpl_figure.Figure:
  """Draws pictures in rows.

  Args:
    rows: of each row its pictures, uint8 `[h, w, 3]` or floats in 0 .. 1; rows
      may differ in length.
    names: of the rows.
    title: of the figure.

  Returns:
    The figure.

  Raises:
    ValueError: there is no picture, or names and rows differ in number.
  """
  if len(rows) != len(names) or not rows or not all(len(r) for r in rows):
    raise ValueError(
        f'{len(rows)} rows of {[len(r) for r in rows]} pictures and'
        f' {len(names)} names; each row needs pictures and a name'
    )
  columns = max(len(row) for row in rows)
  size = (_NAME + _CELL * columns, _CELL * len(rows) + (0.4 if title else 0.1))
  figure = mpl_figure.Figure(figsize=size)
  backend_agg.FigureCanvasAgg(figure)
  axes = figure.subplots(
      len(rows),
      columns,
      squeeze=False,
      gridspec_kw={
          'left': _NAME / size[0],
          'right': 0.99,
          'bottom': 0.02,
          'top': 1 - (0.35 if title else 0.05) / size[1],
          'wspace': 0.06,
          'hspace': 0.06,
      },
  )
  for line, row, name in zip(axes, rows, names, strict=True):
    for axis in line:
      axis.set_axis_off()
    for axis, picture in zip(line, row, strict=False):
      axis.imshow(picture, interpolation='nearest')
    line[0].text(
        -0.12,
        0.5,
        figures.shorten(name, 16),
        transform=line[0].transAxes,
        ha='right',
        va='center',
        fontsize=7,
    )
  if title:
    figure.suptitle(title, fontsize=10)
  return figure
