"""Runs the rows of a table of the paper; prints paper against measured.

Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018. Table 1 is
accuracy on novel classes among all, 2 that on all classes, 3 transfer:

  python experiments/imprinting/table.py --table=1 \
      --config=configs/imprint_glyphs.py --workdir=runs/glyphs --seeds 0 1 2

Runs that are finished are read; tables and figures with the same workdir share
them. Writes table_N.md and table_N.json there.
"""

import json
import os
from typing import Any

import measured
import paper
import runs

from lsl_jax import report
from lsl_jax.pipeline import scripting

_SHORT = ('generalized', 'finetune', 'generator', 'matching')
# Of each table: the split that it counts, and the runs of its rows.
TABLES = {
    1: ('novel', (*_SHORT, 'joint')),
    2: ('all', (*_SHORT, 'joint')),
    3: ('novel', ('transfer', 'transfer_finetune')),
}
_NOTE = 'Measured: mean and 95 % interval over {source}, with {config}.'


def make(
    experiment: runs.Experiment, number: int, seeds: list[int]
) -> tuple[list[str], list[list[str]]]:
  """Runs what is missing of a table, and writes it.

  Args:
    experiment: the config.
    number: of the table in the paper.
    seeds: a run of each config for each of them.

  Returns:
    The header and lines of the table.
  """
  split, names = TABLES[number]
  for name in names:
    for seed in seeds:
      experiment.finish(name, seed)
  rows: list[dict[str, Any]] = []
  for name in names:
    read = {s: measured.read(experiment.folder(name, s)) for s in seeds}
    rows += measured.rows(read)
  methods = paper.methods(number)
  for row in rows:
    row['method'] = paper.CALLED.get(row['method'], row['method'])
  rows = [
      row
      for row in rows
      if row['split'] == split
      and row['metric'] == 'top1'
      and row['method'] in methods
  ]
  header, lines = report.compare.cells(rows, paper.entries(number, split))
  text = report.tables.markdown(header, lines)
  source = 'seeds' if len(seeds) > 1 else 'draws of one seed'
  note = _NOTE.format(source=source, config=experiment.spec)
  path = os.path.join(experiment.workdir, f'table_{number}')
  report.atomic.write(f'{path}.md', f'# Table {number}\n\n{note}\n\n{text}')
  report.atomic.write(
      f'{path}.json', json.dumps({'note': note, 'rows': rows}, indent=1) + '\n'
  )
  return header, lines


def main() -> None:
  parser = runs.parser(__doc__)
  parser.add_argument('--table', type=int, choices=TABLES, required=True)
  parser.add_argument('--config', default='configs/imprint_cub.py')
  options = parser.parse_args()
  experiment = runs.experiment(options)
  header, lines = make(experiment, options.table, options.seeds)
  report.tables.show(header, lines, title=f'Table {options.table}')


if __name__ == '__main__':
  scripting.start(main)
