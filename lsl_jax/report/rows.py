"""Rows of results: one number of one method at one number of shots.

A row is a dictionary with

  * `method`: its name;
  * `shots`: examples a novel class, or None for a method that uses none;
  * `split`: whose test images are counted, 'novel', 'base', 'all', or
    'harmonic' for the harmonic mean of the accuracies on novel and on base;
    with `_only` in the label space of that group alone, with `_prior` in the
    joint one corrected by how frequent novel images are;
  * `metric`: what is counted, for instance 'top1';
  * `mean`: a fraction, 0 to 1 (tables and figures show per cent);
  * `half_width`: of its interval, a fraction, or None for a single measurement;

and whatever else is worth keeping, which goes into results.json as it is.
"""

from collections.abc import Iterable, Sequence
import math
from typing import Any

import numpy as np

Row = dict[str, Any]

SPLIT_TITLES = {
    'novel': 'Novel classes',
    'base': 'Base classes',
    'all': 'All classes',
    'harmonic': 'Harmonic mean of novel and base',
    'novel_only': 'Novel classes, among themselves',
    'base_only': 'Base classes, among themselves',
    'novel_prior': 'Novel classes, prior given',
    'base_prior': 'Base classes, prior given',
    'all_prior': 'All classes, prior given',
}
_KEYS = ('method', 'shots', 'split', 'metric', 'mean')
_METRIC_NAMES = {'top1': 'Top-1 accuracy', 'top5': 'Top-5 accuracy'}


def check(rows: Iterable[Row]) -> list[Row]:
  """Refuses rows that would give a wrong table.

  Args:
    rows: rows of results as the module's text describes them.

  Returns:
    The rows, as a list.

  Raises:
    ValueError: a row lacks a key, its mean is no fraction, or two rows are
      about the same thing. Names the row.
  """
  rows = list(rows)
  seen = set()
  for number, row in enumerate(rows):
    missing = [key for key in _KEYS if key not in row]
    if missing:
      raise ValueError(
          f'row {number} lacks {", ".join(missing)}; a row needs '
          f'{", ".join(_KEYS)}, found {sorted(row)}'
      )
    mean = row['mean']
    # Means of float32 may be rounded up.
    if not (math.isnan(mean) or 0 <= mean <= 1 + 1e-6):
      raise ValueError(
          f'row {number} ({row["method"]}, {row["split"]}): mean must be a '
          f'fraction from 0 to 1, found {mean}'
      )
    key = tuple(row[name] for name in _KEYS[:-1])
    if key in seen:
      raise ValueError(
          f'row {number} repeats method, shots, split and metric {key}: '
          'average over seeds, or give the methods different names'
      )
    seen.add(key)
  return rows


def select(rows: Iterable[Row], **wanted: Any) -> list[Row]:
  """The rows whose keys have the values given.

  >>> select([{'shots': 1}, {'shots': 5}], shots=5)
  [{'shots': 5}]
  """
  return [
      row
      for row in rows
      if all(row.get(key) == value for key, value in wanted.items())
  ]


def drawable(
    rows: Iterable[Row], *, metric: str, splits: Sequence[str]
) -> list[Row]:
  """The checked rows of one metric and some splits, of which there must be one.

  Args:
    rows: rows of results.
    metric: which metric to keep.
    splits: which splits to keep.

  Returns:
    The rows left, in their order.

  Raises:
    ValueError: as `check`, or none is left.
  """
  rows = select(check(rows), metric=metric)
  left = [row for row in rows if row['split'] in splits]
  if not left:
    raise ValueError(
        f'no row has the metric {metric!r} and one of the splits {list(splits)}'
    )
  return left


def distinct(rows: Iterable[Row], key: str) -> list[Any]:
  """The values of a key, each once: numbers in order, names as they came.

  None, where it occurs, comes first; splits come as in `SPLIT_TITLES`.

  >>> distinct([{'shots': 5}, {'shots': 1}, {'shots': None}], 'shots')
  [None, 1, 5]
  """
  values = list(dict.fromkeys(row[key] for row in rows))
  if key == 'split':
    order = list(SPLIT_TITLES)
    return sorted(
        values, key=lambda x: order.index(x) if x in order else len(order)
    )
  numbers = [value for value in values if value is not None]
  if all(isinstance(value, int | float | np.number) for value in numbers):
    numbers.sort()
  return [None] * (len(values) - len(numbers)) + numbers


def percent(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
  """Means and half-widths of rows, in per cent; no interval counts as zero."""
  means = np.array([row['mean'] for row in rows], np.float64)
  widths = np.array([row.get('half_width') or 0 for row in rows], np.float64)
  return 100 * means, 100 * widths


def metric_name(metric: str) -> str:
  """What a metric is called in words.

  >>> metric_name('top1')
  'Top-1 accuracy'
  """
  return _METRIC_NAMES.get(metric, metric[:1].upper() + metric[1:])
