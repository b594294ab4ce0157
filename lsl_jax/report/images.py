"""Pictures of exemplars and of right and wrong predictions.

Both are parts of Figure 5 of Qi, Brown, Lowe. Low-shot learning with imprinted
weights. CVPR 2018.
"""

from collections.abc import Sequence

from matplotlib import axes as mpl_axes
from matplotlib import figure as mpl_figure
from matplotlib.backends import backend_agg
import numpy as np

from lsl_jax.report import figures

CELL = 1.25  # inches that one image takes


def exemplars(
    images: Sequence[np.ndarray],
    class_names: Sequence[str],
    recalls: Sequence[float],
    *,
    columns: int = 8,
    most: int = 24,
) -> mpl_figure.Figure:
  """Draws exemplars, the best recognised class first (Figure 5a).

  Args:
    images: one exemplar of each class, uint8 `[h, w, 3]` or `[h, w]`.
    class_names: the names of their classes.
    recalls: the share of the class's test images that is found, a fraction.
    columns: how many images stand in a row.
    most: how many images to draw; of more, those at equal distances in the
      order of recall, the best and the worst included.

  Returns:
    The figure; each image has its recall and its class's name below.

  Raises:
    ValueError: there is no image, or the three differ in number.
  """
  _same_number(images=images, class_names=class_names, recalls=recalls)
  # A stable sort: of equal recalls the earlier class comes first.
  order = np.argsort(-np.asarray(recalls, np.float64), kind='stable')
  if len(order) > most:
    order = order[np.linspace(0, len(order) - 1, most).round().astype(int)]
  columns = min(columns, len(order))
  lines = -(-len(order) // columns)
  figure, axes = _cells(lines, columns, height=CELL + 0.62)
  for axis, index in zip(axes.flat, order, strict=False):
    _picture(axis, images[index])
    _caption(
        axis,
        f'{100 * recalls[index]:.0f} %\n{figures.shorten(class_names[index])}',
    )
  figure.suptitle(
      'Exemplars by recall of their class (%), best first', fontsize=12
  )
  return figure


def predictions(
    queries: Sequence[np.ndarray],
    templates: Sequence[np.ndarray],
    query_names: Sequence[str],
    template_names: Sequence[str],
    correct: Sequence[bool],
    *,
    columns: int = 8,
) -> mpl_figure.Figure:
  """Draws test images over the exemplar whose template won (Figure 5b).

  Args:
    queries: test images, uint8 `[h, w, 3]` or `[h, w]`.
    templates: of each test image, the exemplar of the predicted class.
    query_names: the true classes of the test images.
    template_names: the predicted classes.
    correct: whether the prediction is right: green borders; otherwise red.
    columns: how many pairs stand in a row.

  Returns:
    The figure, right predictions first.

  Raises:
    ValueError: there is no image, or the five differ in number.
  """
  _same_number(
      queries=queries,
      templates=templates,
      query_names=query_names,
      template_names=template_names,
      correct=correct,
  )
  order = np.argsort(~np.asarray(correct, bool), kind='stable')
  columns = min(columns, len(order))
  lines = -(-len(order) // columns)
  figure, axes = _cells(2 * lines, columns, height=CELL + 0.45, labels=True)
  for line in range(lines):
    for row, name in ((2 * line, 'Test image'), (2 * line + 1, 'Predicted')):
      axes[row, 0].set_ylabel(name, fontsize=9.5)
  for position, index in enumerate(order):
    line, column = divmod(position, columns)
    # The sign says in black and white what the border says in colour.
    colour, sign = (
        (figures.RIGHT, '✓') if correct[index] else (figures.WRONG, '✗')
    )
    query, template = axes[2 * line : 2 * line + 2, column]
    _picture(query, queries[index], colour)
    _picture(template, templates[index], colour)
    _caption(query, figures.shorten(query_names[index]))
    name = figures.shorten(template_names[index], width=14)
    _caption(template, f'{sign} {name}')
  return figure


def _cells(
    lines: int, columns: int, *, height: float, labels: bool = False
) -> tuple[mpl_figure.Figure, np.ndarray]:
  # A single column still needs room for the heading.
  width = max(3.6, columns * CELL * 1.12 + (0.3 if labels else 0))
  figure = mpl_figure.Figure(
      figsize=(width, lines * height + 0.35), layout='constrained'
  )
  backend_agg.FigureCanvasAgg(figure)
  axes = figure.subplots(lines, columns, squeeze=False)
  for axis in axes.flat:
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
  return figure, axes


def _picture(axis: mpl_axes.Axes, image: np.ndarray, border: str | None = None):
  image = np.asarray(image)
  axis.imshow(image, cmap='gray', vmin=0, vmax=255, interpolation='nearest')
  # Square cells, whatever the image's shape: rows stay level.
  height, width = image.shape[:2]
  reach = max(height, width) / 2
  axis.set_xlim((width - 1) / 2 - reach, (width - 1) / 2 + reach)
  axis.set_ylim((height - 1) / 2 + reach, (height - 1) / 2 - reach)
  if border is not None:
    axis.spines[:].set(visible=True, color=border, linewidth=3.5)


def _caption(axis: mpl_axes.Axes, text: str):
  axis.set_xlabel(text, fontsize=8.5, labelpad=3, parse_math=False)


def _same_number(**sequences: Sequence):
  counts = {name: len(values) for name, values in sequences.items()}
  if len(set(counts.values())) > 1 or 0 in counts.values():
    raise ValueError(f'expected as many of each, at least one: {counts}')
