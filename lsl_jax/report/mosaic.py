"""Groups of small pictures in a grid: each cell a few images side by side."""

from collections.abc import Sequence

from matplotlib import figure as mpl_figure
from matplotlib.backends import backend_agg
import numpy as np

from lsl_jax.report import figures


def mosaic(
    pictures: np.ndarray,
    *,
    columns: Sequence[str],
    rows: Sequence[str] = (),
    cell: float = 2.0,
) -> mpl_figure.Figure:
  """Draws a grid whose cells are strips of images.

  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, Figure 2: an analogy a row, the images
  nearest to its four centroids in the columns.

  Args:
    pictures: uint8 `[rows, columns, images, h, w, 3]`.
    columns: a title each.
    rows: a caption each, or none.
    cell: width of a cell, in inches.

  Returns:
    The figure.

  Raises:
    ValueError: titles or captions are not as many as columns or rows.
  """
  pictures = np.asarray(pictures)
  if pictures.ndim != 6 or 0 in pictures.shape:
    raise ValueError(
        'pictures must be [rows, columns, images, h, w, 3], not of shape'
        f' {pictures.shape}'
    )
  if len(columns) != pictures.shape[1] or len(rows) not in (0, len(pictures)):
    raise ValueError(
        f'{len(columns)} titles and {len(rows)} captions for pictures of shape'
        f' {pictures.shape[:2]}'
    )
  lines, across, number = pictures.shape[:3]
  caption = 0.22 if rows else 0.0
  figure = mpl_figure.Figure(
      figsize=(cell * across, (cell / number + 0.05 + caption) * lines + 0.3),
      layout='constrained',
  )
  backend_agg.FigureCanvasAgg(figure)
  axes = figure.subplots(lines, across, squeeze=False)
  for line in range(lines):
    for column in range(across):
      axis = axes[line, column]
      axis.imshow(np.concatenate(list(pictures[line, column]), axis=1))
      axis.set_xticks([])
      axis.set_yticks([])
      if not line:
        axis.set_title(columns[column], fontsize=10)
    if rows:
      axes[line, 0].set_xlabel(
          figures.shorten(rows[line], 60), fontsize=8, loc='left'
      )
  return figure
