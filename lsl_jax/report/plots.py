"""Accuracy against shots and against the size of the embedding, as lines."""

from collections.abc import Iterable, Sequence

from matplotlib import figure as mpl_figure

from lsl_jax.report import figures
from lsl_jax.report import rows as rows_lib


def accuracy_against_shots(
    rows: Iterable[rows_lib.Row],
    *,
    splits: Sequence[str] = ('novel', 'all'),
    metric: str = 'top1',
    chance: float | None = None,
) -> mpl_figure.Figure:
  """Draws accuracy against shots, a line a method and a panel a split.

  Bands are the intervals. A method without shots is a horizontal line.

  Args:
    rows: rows of results; those of other splits and metrics are left out.
    splits: which splits to draw.
    metric: which metric to draw.
    chance: accuracy of guessing on the first split's label space, a fraction,
      drawn as a dotted line in each panel; None draws none.

  Returns:
    The figure.

  Raises:
    ValueError: as `rows.check`, or nothing is left to draw.
  """
  rows = rows_lib.drawable(rows, metric=metric, splits=splits)
  methods = rows_lib.distinct(rows, 'method')
  shots = [n for n in rows_lib.distinct(rows, 'shots') if n is not None]
  figure, axes = figures.panels(len(splits))
  handles = {}
  for axis, split in zip(axes, splits, strict=True):
    for index, method in enumerate(methods):
      mine = rows_lib.select(rows, split=split, method=method)
      mine.sort(key=lambda row: row['shots'] or 0)
      if not mine:
        continue
      means, widths = rows_lib.percent(mine)
      colour = figures.colour(index)
      if mine[0]['shots'] is None:
        handles[method] = axis.axhline(
            means[0], color=colour, linestyle='-.', linewidth=1.6, label=method
        )
        continue
      x = [row['shots'] for row in mine]
      (handles[method],) = axis.plot(
          x,
          means,
          color=colour,
          marker=figures.MARKERS[index % len(figures.MARKERS)],
          markersize=5.5,
          linewidth=1.8,
          linestyle='-' if index < len(figures.COLOURS) else '--',
          label=method,
      )
      axis.fill_between(
          x, means - widths, means + widths, color=colour, alpha=0.2, lw=0
      )
    if chance is not None:
      handles['chance'] = axis.axhline(
          100 * chance, color='0.4', linestyle=':', linewidth=1.4
      )
    if shots:
      figures.values_as_ticks(axis, shots)
    figures.label(
        axis,
        x='Examples per novel class, n',
        y=f'{rows_lib.metric_name(metric)} (%)',
        title=rows_lib.SPLIT_TITLES.get(split, split),
    )
    # A line at zero should still be seen above the axis.
    axis.set_ylim(bottom=max(-1.0, axis.get_ylim()[0]))
  ordered = [name for name in (*methods, 'chance') if name in handles]
  figures.legend(figure, [handles[name] for name in ordered], ordered)
  return figure


def embedding_size(
    rows: Iterable[rows_lib.Row],
    *,
    split: str = 'novel',
    metric: str = 'top1',
) -> mpl_figure.Figure:
  """Draws accuracy against the embedding's size D, a panel a number of shots.

  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
  Figure 7.

  Args:
    rows: rows of results, each with `dimension`, the embedding's size.
    split: which split to draw.
    metric: which metric to draw.

  Returns:
    The figure.

  Raises:
    ValueError: a row is incomplete, or nothing is left to draw.
  """
  rows = list(rows)
  for dimension in {row.get('dimension') for row in rows}:
    if dimension is None:
      raise ValueError('a row lacks dimension, the size of the embedding')
    rows_lib.check(rows_lib.select(rows, dimension=dimension))
  rows = rows_lib.select(rows, split=split, metric=metric)
  if not rows:
    raise ValueError(f'no row of split {split!r} and metric {metric!r}')
  methods = rows_lib.distinct(rows, 'method')
  shots = rows_lib.distinct(rows, 'shots')
  sizes = rows_lib.distinct(rows, 'dimension')
  figure, axes = figures.panels(len(shots), width=4.2)
  handles = {}
  for axis, n in zip(axes, shots, strict=True):
    for index, method in enumerate(methods):
      mine = rows_lib.select(rows, shots=n, method=method)
      if not mine:
        continue
      mine.sort(key=lambda row: row['dimension'])
      means, widths = rows_lib.percent(mine)
      handles[method] = axis.errorbar(
          [row['dimension'] for row in mine],
          means,
          yerr=widths,
          color=figures.colour(index),
          marker=figures.MARKERS[index % len(figures.MARKERS)],
          capsize=3,
          linewidth=1.8,
          label=method,
      )
    figures.values_as_ticks(axis, sizes)
    axis.set_ylim(bottom=0)
    figures.label(
        axis,
        x='Dimensions of the embedding, D',
        y=f'{rows_lib.metric_name(metric)} (%)',
        title=f'{n} shot' + ('s' if n != 1 else ''),
    )
  figures.legend(figure, [handles[name] for name in methods], methods)
  return figure
