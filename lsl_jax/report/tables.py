"""Tables of results: methods by shots, for novel, base and all classes."""

from collections.abc import Iterable, Sequence
import math
import sys
from typing import TextIO

from rich import box
from rich import console as rich_console
from rich import table as rich_table
from rich import text as rich_text

from lsl_jax.report import rows as rows_lib

NOTHING = '–'


def cells(
    rows: Iterable[rows_lib.Row], metric: str
) -> tuple[list[str], list[list[str]]]:
  """Lays out one metric's rows: a line a split and method, a column a shot.

  Args:
    rows: rows of results; those of other metrics are left out.
    metric: which metric to show, for instance 'top1'.

  Returns:
    The header, and lines of as many cells: split, method, then
    'mean ± half-width' in per cent for each number of shots.

  Raises:
    ValueError: as `rows.check`, or no row has this metric.
  """
  chosen = rows_lib.select(rows_lib.check(rows), metric=metric)
  if not chosen:
    raise ValueError(f'no row has the metric {metric!r}')
  shots = rows_lib.distinct(chosen, 'shots')
  header = ['split', 'method', *(f'n={n or 0}' for n in shots)]
  lines = []
  for split in rows_lib.distinct(chosen, 'split'):
    of_split = rows_lib.select(chosen, split=split)
    for method in rows_lib.distinct(of_split, 'method'):
      by_shots = {
          row['shots']: row for row in rows_lib.select(of_split, method=method)
      }
      entries = [
          cell(by_shots[n]['mean'], by_shots[n].get('half_width'))
          if n in by_shots
          else NOTHING
          for n in shots
      ]
      lines.append([str(split), str(method), *entries])
  return header, lines


def cell(mean: float, half_width: float | None = None) -> str:
  """Writes a mean and its interval in per cent.

  Args:
    mean: a fraction; NaN for what could not be measured.
    half_width: of the interval, a fraction, or None.

  Returns:
    Text such as '45.77 ± 0.31'.

  >>> cell(0.4577, 0.0031)
  '45.77 ± 0.31'
  """
  if math.isnan(mean):
    return 'n/a'
  text = f'{100 * mean:.2f}'
  if half_width is None or math.isnan(half_width):
    return text
  return f'{text} ± {100 * half_width:.2f}'


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
  r"""Writes a Markdown table whose columns also line up as plain text.

  Args:
    header: the names of the columns.
    lines: cells of text, as many a line as the header has. The first two
      columns are names, to the left; the others numbers, to the right.

  Returns:
    The table, ending in a newline.

  >>> print(markdown(['split', 'method', 'n=1'], [['novel', 'a|b', '9.00']]))
  | split | method |  n=1 |
  |:------|:-------|-----:|
  | novel | a\|b   | 9.00 |
  <BLANKLINE>
  """
  table = [[_escape(cell) for cell in line] for line in [header, *lines]]
  widths = [max(map(len, column)) for column in zip(*table, strict=True)]
  rule = [
      ':' + '-' * (width + 1) if index < 2 else '-' * (width + 1) + ':'
      for index, width in enumerate(widths)
  ]
  texts = [
      '| '
      + ' | '.join(
          cell.ljust(width) if index < 2 else cell.rjust(width)
          for index, (cell, width) in enumerate(zip(line, widths, strict=True))
      )
      + ' |'
      for line in table
  ]
  return '\n'.join([texts[0], '|' + '|'.join(rule) + '|', *texts[1:]]) + '\n'


def terminal(
    header: Sequence[str], lines: Sequence[Sequence[str]], title: str = ''
) -> rich_table.Table:
  """The same table for a terminal, with a rule between splits.

  Args:
    header: as for `markdown`.
    lines: as for `markdown`.
    title: stands above the table.

  Returns:
    A rich table, to be printed by a rich console.
  """
  table = rich_table.Table(title=rich_text.Text(title), box=box.SIMPLE_HEAD)
  for index, name in enumerate(header):
    table.add_column(
        rich_text.Text(name),
        justify='left' if index < 2 else 'right',
        overflow='fold',
    )
  for index, line in enumerate(lines):
    last = index + 1 < len(lines) and lines[index + 1][0] != line[0]
    table.add_row(*map(rich_text.Text, line), end_section=last)
  return table


def show(
    header: Sequence[str],
    lines: Sequence[Sequence[str]],
    title: str = '',
    stream: TextIO | None = None,
):
  """Prints a table: in colour on a terminal, as Markdown elsewhere.

  Args:
    header: as for `markdown`.
    lines: as for `markdown`.
    title: stands above the table.
    stream: where to print, by default the standard output.
  """
  stream = sys.stdout if stream is None else stream
  if stream.isatty():
    console = rich_console.Console(file=stream)
    table = terminal(header, lines, title)
    unlimited = console.options.update(width=10_000)
    if console.measure(table, options=unlimited).maximum > console.width:
      # Narrow: each interval goes under its mean, rather than losing digits.
      lines = [[cell.replace(' ± ', '\n± ') for cell in line] for line in lines]
      table = terminal(header, lines, title)
    console.print(table)
  else:
    print(f'{title}\n\n{markdown(header, lines)}', file=stream, flush=True)


def _escape(text: str) -> str:
  return ' '.join(text.split()).replace('|', r'\|')
