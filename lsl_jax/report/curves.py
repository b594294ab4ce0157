"""Accuracy over fine-tuning, and whatever a run logged over its steps."""

from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib import figure as mpl_figure
from matplotlib import lines as mpl_lines
from matplotlib import ticker
import numpy as np

from lsl_jax.report import figures, jsonl
from lsl_jax.report import rows as rows_lib

_STYLES: dict[str, Any] = {'imprinted': '-', 'random': '--'}


def fine_tuning(
    curves: Iterable[dict[str, Any]],
    *,
    splits: Sequence[str] = ('novel', 'all'),
    metric: str = 'top1',
) -> mpl_figure.Figure:
  """Draws accuracy over epochs from imprinted and from random weights.

  One colour a number of shots; solid from imprinted, dashed from random.

  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
  Figures 3 (novel classes) and 4 (all classes).

  Args:
    curves: dictionaries with `initialisation` ('imprinted' or 'random'),
      `shots`, `split`, `epochs` `[points]`, `accuracy` `[points]` as fractions
      and, where there is one, `half_width` `[points]` of the interval.
    splits: which splits to draw, a panel each.
    metric: the name of what is counted.

  Returns:
    The figure.

  Raises:
    ValueError: an initialisation is none of the two, epochs and accuracies
      differ in number, or no curve has one of the splits.
  """
  curves = [curve for curve in curves if curve['split'] in splits]
  if not curves:
    raise ValueError(f'no curve has one of the splits {list(splits)}')
  shots = rows_lib.distinct(curves, 'shots')
  figure, axes = figures.panels(len(splits), width=5)
  for axis, split in zip(axes, splits, strict=True):
    for curve in rows_lib.select(curves, split=split):
      epochs, accuracy = np.asarray(curve['epochs']), _accuracy(curve)
      colour = figures.shade(shots.index(curve['shots']), len(shots))
      axis.plot(
          epochs,
          accuracy,
          color=colour,
          linestyle=_STYLES[curve['initialisation']],
          linewidth=1.8,
          label=f'{curve["initialisation"]}, n={curve["shots"]}',
      )
      if curve.get('half_width') is not None:
        width = 100 * np.asarray(curve['half_width'], np.float64)
        axis.fill_between(
            epochs,
            accuracy - width,
            accuracy + width,
            color=colour,
            alpha=0.15,
            lw=0,
        )
    figures.label(
        axis,
        x='Epochs of fine-tuning',
        y=f'{rows_lib.metric_name(metric)} (%)',
        title=rows_lib.SPLIT_TITLES.get(split, split),
    )
    axis.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    axis.margins(x=0.02)
    # A line at zero should still be seen above the axis.
    axis.set_ylim(bottom=max(-1.0, axis.get_ylim()[0]))
  keys: list[tuple[str, str, Any]] = [
      (f'n = {n}', figures.shade(index, len(shots)), '-')
      for index, n in enumerate(shots)
  ]
  # Columns are filled in order: an empty entry keeps the styles in one.
  keys += [('', 'none', '-')] * (len(shots) % 2)
  keys += [
      (f'from {name} weights', '0.25', style) for name, style in _STYLES.items()
  ]
  handles = [
      mpl_lines.Line2D([], [], lw=2, color=colour, linestyle=style)
      for _, colour, style in keys
  ]
  names = [name for name, *_ in keys]
  figures.legend(figure, handles, names, columns=len(keys) // 2)
  return figure


def learning(
    records: Iterable[jsonl.Record], *, epochs_per_step: float | None = None
) -> mpl_figure.Figure:
  """Draws logged scalars over steps, a panel a quantity.

  Names that differ only before their last slash (`train/loss`, `test/loss`)
  share a panel.

  Args:
    records: what `jsonl.read` returns.
    epochs_per_step: epochs that a step lasts; None labels the axis in steps.

  Returns:
    The figure.

  Raises:
    ValueError: no record holds a finite scalar.
  """
  groups: dict[str, list[tuple[str, np.ndarray, np.ndarray]]] = {}
  for name, (steps, values) in jsonl.curves(records).items():
    if np.isfinite(values).any():
      prefix, _, quantity = name.rpartition('/')
      groups.setdefault(quantity, []).append((prefix, steps, values))
  if not groups:
    raise ValueError('the records hold no finite scalar to draw')
  figure, axes = figures.panels(len(groups), width=4)
  names = list(
      dict.fromkeys(prefix for group in groups.values() for prefix, *_ in group)
  )
  handles = {}
  for axis, (quantity, group) in zip(axes, groups.items(), strict=True):
    for prefix, steps, values in group:
      (handles[prefix],) = axis.plot(
          steps * (epochs_per_step or 1),
          values,
          color=figures.colour(names.index(prefix)),
          linewidth=1.6,
          marker='.' if len(steps) < 30 else None,
          label=prefix,
      )
    figures.label(
        axis,
        x='Steps' if epochs_per_step is None else 'Epochs',
        y=quantity.replace('_', ' '),
    )
    axis.ticklabel_format(axis='y', scilimits=(-3, 4))
    axis.xaxis.set_major_locator(ticker.MaxNLocator(5))
  if any(names):
    named = [name for name in names if name]
    figures.legend(figure, [handles[name] for name in named], named)
  return figure


def _accuracy(curve: dict[str, Any]) -> np.ndarray:
  if curve['initialisation'] not in _STYLES:
    raise ValueError(
        f'initialisation must be one of {list(_STYLES)}, found '
        f'{curve["initialisation"]!r}'
    )
  accuracy = 100 * np.asarray(curve['accuracy'], np.float64)
  if accuracy.shape != np.shape(curve['epochs']):
    raise ValueError(
        f'a curve has {np.size(curve["epochs"])} epochs but '
        f'{accuracy.size} accuracies'
    )
  return accuracy
