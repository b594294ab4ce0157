"""A paper's numbers beside the measured ones."""

from collections.abc import Iterable
import math
from typing import Any

from lsl_jax.report import rows as rows_lib
from lsl_jax.report import tables

LOST = 'paper value lost'
NOT_MEASURED = 'not measured'
NOT_IN_PAPER = 'not in the paper'

_KEYS = ('split', 'method', 'shots', 'metric')


def cells(
    measured: Iterable[rows_lib.Row], paper: Iterable[dict[str, Any]]
) -> tuple[list[str], list[list[str]]]:
  """Lays out paper, measured and their difference, a line a number.

  Args:
    measured: rows of results, `mean` a fraction.
    paper: dictionaries with `method`, `shots`, `split`, `metric` and `percent`,
      the number as the paper prints it, in per cent; None where the number is
      known to have been printed but is lost.

  Returns:
    The header, and lines of as many cells, for `tables.markdown` and
    `tables.show`: the paper's numbers in their order, then what was measured
    beyond them. The difference is measured minus paper, in points.

  Raises:
    ValueError: as `rows.check`; a paper's number lacks a key or stands twice.
  """
  by_key = {_key(row): row for row in rows_lib.check(measured)}
  printed: dict[tuple, float | None] = {}
  for number, entry in enumerate(paper):
    missing = [key for key in (*_KEYS, 'percent') if key not in entry]
    if missing:
      raise ValueError(
          f'paper value {number} lacks {", ".join(missing)}, found '
          f'{sorted(entry)}'
      )
    key = _key(entry)
    if key in printed:
      raise ValueError(f'paper value {number} repeats {key}')
    printed[key] = entry['percent']
  header = [
      'split',
      'method',
      'n',
      'metric',
      'paper (%)',
      'measured (%)',
      'difference',
  ]
  lines = []
  for key in dict.fromkeys([*printed, *by_key]):
    split, method, shots, metric = key
    row = by_key.get(key)
    lines.append(
        [
            str(split),
            str(method),
            str(shots or 0),
            rows_lib.metric_name(metric),
            _paper(key, printed),
            tables.cell(row['mean'], row.get('half_width'))
            if row
            else NOT_MEASURED,
            _difference(printed.get(key), row),
        ]
    )
  return header, lines


def _key(entry: dict[str, Any]) -> tuple:
  return tuple(entry[key] for key in _KEYS)


def _paper(key: tuple, printed: dict[tuple, float | None]) -> str:
  if key not in printed:
    return NOT_IN_PAPER
  value = printed[key]
  return LOST if value is None else f'{value:.2f}'


def _difference(percent: float | None, row: rows_lib.Row | None) -> str:
  if percent is None or row is None or math.isnan(row['mean']):
    return tables.NOTHING
  return f'{100 * row["mean"] - percent:+.2f}'
