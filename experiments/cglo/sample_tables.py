"""Prints tables 1 to 6 of the paper: paper against measured.

  python experiments/cglo/sample_tables.py --workdir=runs/cglo_glyphs

Reads the rows that sample_rows.py has finished there, and writes tables.md.
With --all the paper's lines of which nothing was measured are shown, too.
"""

import argparse
import json
import os
import pathlib
from typing import Any

import sample_rows

from lsl_jax import report
from lsl_jax.pipeline import scripting

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
    '6': (
        ('baseline', 'cglo', 'autoaugment', 'autoaugment_cglo'),
        ('top1', 'top5'),
    ),
}


def measured(workdir: str) -> list[dict[str, Any]]:
  """Rows of results of all finished runs, under the paper's names."""
  rows = []
  for path in sorted(pathlib.Path(workdir).glob('n*/*')):
    if path.name not in sample_rows.ROWS:
      continue
    if not scripting.is_finished(str(path)):
      continue
    content = json.loads((path / report.results.JSON_NAME).read_text())
    for row in content['rows']:
      title = sample_rows.ROWS[path.name].title
      rows.append({**row, 'method': title, 'row': path.name})
  return rows


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


def lay_out(
    table: str, rows: list[dict[str, Any]], everything: bool
) -> tuple[list[str], list[list[str]]]:
  """Header and lines of one table; without a measured number, no lines."""
  names, metrics = TABLES[table]
  own = [r for r in rows if r['row'] in names and r['metric'] in metrics]
  header, lines = report.compare.cells(own, entries(table))
  if not everything:
    lines = [line for line in lines if line[5] != report.compare.NOT_MEASURED]
  return header, lines


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument('--workdir', required=True)
  parser.add_argument('--tables', nargs='+', choices=TABLES, default=[*TABLES])
  parser.add_argument('--all', action='store_true')
  options = parser.parse_args()
  rows = measured(options.workdir)
  if not rows:
    parser.error(f'{options.workdir} has no finished row; run sample_rows.py')
  parts = ['# cGLO: paper and measured\n']
  for table in options.tables:
    header, lines = lay_out(table, rows, options.all)
    if lines:
      title = f'Table {table}'
      report.tables.show(header, lines, title=title)
      parts.append(f'## {title}\n\n{report.tables.markdown(header, lines)}')
  path = os.path.join(options.workdir, 'tables.md')
  report.atomic.write(path, '\n'.join(parts))
  print(f'Written to {path}')


if __name__ == '__main__':
  main()
