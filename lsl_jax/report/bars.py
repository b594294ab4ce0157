"""Accuracy side by side, as bars."""

from collections.abc import Iterable

from matplotlib import figure as mpl_figure
import numpy as np

from lsl_jax.report import figures
from lsl_jax.report import rows as rows_lib


def accuracy_bars(
    rows: Iterable[rows_lib.Row],
    *,
    split: str = 'novel',
    metric: str = 'top1',
) -> mpl_figure.Figure:
  """Draws accuracy as bars, a group a number of shots and a bar a method.

  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
  Figure 6: imprinting and nearest neighbour, on embeddings trained with softmax
  and with the lifted structured loss.

  Args:
    rows: rows of results; bars come in the order of their methods.
    split: which split to draw.
    metric: which metric to draw.

  Returns:
    The figure.

  Raises:
    ValueError: as `rows.check`, or nothing is left to draw.
  """
  rows = rows_lib.drawable(rows, metric=metric, splits=[split])
  methods = rows_lib.distinct(rows, 'method')
  shots = rows_lib.distinct(rows, 'shots')
  figure, (axis,) = figures.panels(1, width=max(5.5, 1.5 * len(shots)))
  width = 0.84 / len(methods)
  handles = []
  for index, method in enumerate(methods):
    mine = rows_lib.select(rows, method=method)
    means, widths = rows_lib.percent(mine)
    groups = np.array([shots.index(row['shots']) for row in mine])
    handles.append(
        axis.bar(
            groups + (index - (len(methods) - 1) / 2) * width,
            means,
            width,
            yerr=widths,
            color=figures.colour(index),
            edgecolor='white',
            linewidth=0.8,
            error_kw={'elinewidth': 1.2, 'capsize': 2.5},
            label=method,
        )
    )
  axis.set_xticks(range(len(shots)), [str(n or 0) for n in shots])
  figures.label(
      axis,
      x='Examples per novel class, n',
      y=f'{rows_lib.metric_name(metric)} (%)',
      title=rows_lib.SPLIT_TITLES.get(split, split),
  )
  axis.grid(False, axis='x')
  figures.legend(figure, handles, methods, columns=2)
  return figure
