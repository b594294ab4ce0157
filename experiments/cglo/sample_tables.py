"""Prints tables 1 to 6 of the paper: paper against measured.

  python experiments/cglo/sample_tables.py --workdir=runs/cglo_cifar100

Reads the rows that sample_rows.py has finished there, and writes tables.md, in
which each table says what its rows were run with. Table 2 is of CUB, the others
are of CIFAR-100; rows of other data sets stand without the paper's numbers, and
rows whose setting is not the paper's without a difference to them. With --all
the paper's lines of which nothing was measured are shown, too.
"""

import argparse
from collections.abc import Sequence
import json
import os
import pathlib
from typing import Any, NamedTuple

import sample_results
import sample_rows
import sample_settings

from lsl_jax import report

_PAPER = pathlib.Path(__file__).with_name('paper.json')
_COMPARISONS = (
    'baseline',
    'cglo',
    'mixmatch',
    'cutout',
    'random_erase',
    'cosine',
)
_ABLATIONS = ('cglo', 'baseline', 'no_classifier', 'no_noise', 'lerp')
_CHOICES = ('latent_classifier', 'hypercube', 'activations', 'additive_noise')
_SEMISUPERVISED = ('baseline', 'mixmatch', 'mixmatch_1000', 'mixmatch_35000')
# Of each table: its rows, and the metrics that it counts.
TABLES = {
    '1': (_COMPARISONS, ('top1',)),
    '2': (_COMPARISONS, ('top1',)),
    '3': (
        (*_ABLATIONS, 'transductive'),
        ('top1', 'top5'),
    ),
    '4': (
        (*_CHOICES, 'cosine_loss'),
        ('top1', 'top5'),
    ),
    '5': (
        (*_SEMISUPERVISED, 'cglo', 'cglo_1000', 'cglo_35000'),
        ('top1',),
    ),
    # The case studied there is the transductive one.
    '6': (
        (
            *('baseline', 'transductive'),
            *('autoaugment', 'autoaugment_transductive'),
        ),
        ('top1', 'top5'),
    ),
}
# Keys of `sample_settings.DATA_SETS`.
DATA_SETS = {table: 'cub' if table == '2' else 'cifar100' for table in TABLES}


def entries(table: str) -> list[dict[str, Any]]:
  """The paper's numbers of a table as `report.compare.cells` takes them."""
  printed = json.loads(_PAPER.read_text(encoding='utf-8'))['tables'][table]
  return [
      {
          'method': sample_rows.ROWS[row].title,
          'shots': int(shots),
          'split': 'all',
          'metric': metric,
          'percent': value,
      }
      for row, by_metric in printed.items()
      for metric, by_shots in by_metric.items()
      for shots, value in by_shots.items()
  ]


class Part(NamedTuple):
  """A table with what is to be known of it.

  Attributes:
    title: stands above it.
    note: what its rows were run with.
    header: as `report.tables` takes it.
    lines: likewise.
  """

  title: str
  note: str
  header: list[str]
  lines: list[list[str]]


def lay_out(
    table: str, runs: Sequence[sample_results.Run], everything: bool
) -> Part:
  """One of the paper's tables; where nothing is measured, without lines.

  Args:
    table: a name of `TABLES`.
    runs: finished ones, of any data set.
    everything: whether to keep the paper's lines that nothing is set against.

  Returns:
    Paper beside measured, and the difference where their settings are the same.
  """
  names, metrics = TABLES[table]
  own = [
      run
      for run in runs
      if run.row in names and run.data_set == DATA_SETS[table]
  ]
  rows = [r for run in own for r in run.rows if r['metric'] in metrics]
  header, lines = report.compare.cells(rows, entries(table))
  others, reasons = set(), []
  for run in own:
    if found := sample_results.differences(run):
      others.add((run.title, str(run.shots)))
      reasons += [f'{name} {text}' for name, text in found.items()]
  for line in lines:
    if (line[1], line[2]) in others:
      line[6] = report.tables.NOTHING
  if not everything:
    lines = [line for line in lines if line[5] != report.compare.NOT_MEASURED]
  notes = [f'Measured: {sample_results.setting(own)}.'] if own else []
  if reasons:
    notes.append(
        'No difference where the paper has another setting:'
        f' {"; ".join(dict.fromkeys(reasons))}.'
    )
  title = f'Table {table}, {sample_settings.DATA_SETS[DATA_SETS[table]].title}'
  return Part(title, '\n\n'.join(notes), header, lines)


def of_other_data(runs: Sequence[sample_results.Run]) -> list[Part]:
  """What was measured on data sets that the paper has not, by metric."""
  parts = []
  others = [run for run in runs if not run.data_set]
  for data in dict.fromkeys(run.data for run in others):
    own = [run for run in others if run.data == data]
    rows = [row for run in own for row in run.rows]
    note = f'Not in the paper. Measured: {sample_results.setting(own)}.'
    for metric in dict.fromkeys(row['metric'] for row in rows):
      header, lines = report.tables.cells(rows, metric)
      parts.append(Part(f'{data}, {metric} (%)', note, header, lines))
  return parts


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument('--workdir', required=True)
  parser.add_argument('--tables', nargs='+', choices=TABLES, default=[*TABLES])
  parser.add_argument('--all', action='store_true')
  options = parser.parse_args()
  runs = sample_results.read(options.workdir)
  if not runs:
    parser.error(f'{options.workdir} has no finished row; run sample_rows.py')
  parts = [lay_out(table, runs, options.all) for table in options.tables]
  parts += of_other_data(runs)
  texts = ['# cGLO: paper and measured\n']
  for title, note, header, lines in parts:
    if lines:
      report.tables.show(header, lines, title=f'{title}\n\n{note}'.strip())
      table = report.tables.markdown(header, lines)
      texts.append('\n\n'.join(filter(None, [f'## {title}', note, table])))
  path = os.path.join(options.workdir, 'tables.md')
  report.atomic.write(path, '\n'.join(texts))
  print(f'Written to {path}')


if __name__ == '__main__':
  main()
