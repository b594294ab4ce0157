"""Images overlaid with where each network finds the right class.

Figure 3 of Lifchitz, Avrithis, Picard, Bursuc. Dense classification and
implanting for few-shot learning. CVPR 2019.
"""

from collections.abc import Mapping, Sequence

from matplotlib import figure as mpl_figure
from matplotlib.backends import backend_agg
import numpy as np

from lsl_jax.report import figures

_CELL = 1.4  # inches that one image takes


def activation_maps(
    images: Sequence[np.ndarray],
    maps: Mapping[str, np.ndarray],
    names: Sequence[str],
    *,
    correct: Mapping[str, Sequence[bool]] | None = None,
) -> mpl_figure.Figure:
  """Draws every image, and over it the maps of each way of training.

  Colours run from each map's smallest to its largest value, red where the
  right class is found, and are interpolated between positions.

  Args:
    images: uint8 `[h, w, 3]`.
    maps: by the title of a column, `[images, H, W]`.
    names: the images' classes.
    correct: by the same titles, whether the network was right.

  Returns:
    The figure: a row an image, the image itself and then a column a title.

  Raises:
    ValueError: there is no image, or their numbers differ.
  """
  counts = {'images': len(images), 'names': len(names)}
  counts |= {title: len(some) for title, some in maps.items()}
  if len(set(counts.values())) > 1 or 0 in counts.values() or not maps:
    raise ValueError(f'expected as many of each, at least one: {counts}')
  columns = 1 + len(maps)
  figure = mpl_figure.Figure(
      figsize=(columns * _CELL + 1.0, len(images) * _CELL + 0.4),
      layout='constrained',
  )
  backend_agg.FigureCanvasAgg(figure)
  axes = figure.subplots(len(images), columns, squeeze=False)
  for axis in axes.flat:
    axis.set_xticks([])
    axis.set_yticks([])
  for row, (image, name) in enumerate(zip(images, names, strict=True)):
    height, width = image.shape[:2]
    for column, title in enumerate(['', *maps]):
      axis = axes[row, column]
      axis.imshow(image, interpolation='nearest')
      axis.spines[:].set_visible(False)
      if not title:
        axis.set_ylabel(figures.shorten(name), fontsize=8.5, parse_math=False)
        continue
      axis.imshow(
          maps[title][row],
          cmap='jet',
          alpha=0.5,
          interpolation='bilinear',
          extent=(-0.5, width - 0.5, height - 0.5, -0.5),
      )
      if row == 0:
        axis.set_title(figures.plain(title), fontsize=9.5, parse_math=False)
      if correct is not None:
        right = correct[title][row]
        axis.spines[:].set(
            visible=True,
            color=figures.RIGHT if right else figures.WRONG,
            linewidth=2.5,
        )
        axis.set_xlabel('✓' if right else '✗', fontsize=8, labelpad=1)
  return figure
