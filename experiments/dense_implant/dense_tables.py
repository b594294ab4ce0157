"""Runs the rows of a table of the paper; prints paper against measured.

Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
few-shot learning. CVPR 2019. Tables 1 to 4 are miniImageNet's, 5 is FC100's;
of other data sets their rows are filled without the paper's numbers:

  python experiments/dense_implant/dense_tables.py --table=5 \
      --config=configs/dense_fc100.py --workdir=runs/fc100

Runs that are finished are read; tables and claims with the same workdir share
them. Writes table_N.md and table_N.json there.
"""

import json
import os
import pathlib
from typing import Any

import dense_runs

from lsl_jax import evaluation, report
from lsl_jax.pipeline import scripting
from lsl_jax.pipeline.variants import dense

_PAPER = pathlib.Path(__file__).with_name('lifchitz2019.json')
_NAMES = {'gap': 'GAP', 'gmp': 'GMP', 'dense': 'DC'}


def _table_2() -> dict[str, tuple[str, str]]:
  rows = {}
  for title, run in (('GAP', 'gap_poolings'), ('DC', 'dc_poolings')):
    for learner in dense.POOLINGS:
      _, support, query = learner.split('_')
      rows[
          f'{title}: prototypes {_NAMES[support]}, queries {_NAMES[query]}'
      ] = (run, learner)
  return rows


def _table_3() -> dict[str, tuple[str, str]]:
  rows = {}
  for learner in dense.IMPLANT_POOLINGS:
    _, support, query, test = (_NAMES.get(x, x) for x in learner.split('_'))
    rows[f'implants {support}-{query}, queries {test}'] = (
        'implant_poolings',
        learner,
    )
  return rows


_BEST = {
    'GAP': ('gap', 'proto_gap_gap'),
    'DC': ('dc', 'proto_gap_dense'),
    'DC + IMP': ('implants', 'implant_gap_gap_dense'),
}
# Of each table, by the paper's row: the run, and its learner.
TABLES = {
    1: {
        'C128F, GAP': ('c128f_gap', 'proto_gap_gap'),
        'C128F, DC': ('c128f_dc', 'proto_gmp_gmp'),
        'ResNet-12, GAP': ('gap', 'proto_gap_gap'),
        'ResNet-12, DC': ('dc', 'proto_gmp_gmp'),
    },
    2: _table_2(),
    3: _table_3(),
    4: {**_BEST, 'DC + WIDE': ('wide', 'proto_gap_dense')},
    5: _BEST,
}
# Which data set, `config.data.split`, the paper's tables are of.
_DATA = {**dict.fromkeys((1, 2, 3, 4), 'miniimagenet'), 5: 'fc100'}


def make(
    experiment: dense_runs.Experiment, number: int, seeds: list[int]
) -> tuple[list[str], list[list[str]]]:
  """Runs what is missing of a table, and writes it.

  Args:
    experiment: the config.
    number: of the table in the paper.
    seeds: a run of each config for each of them.

  Returns:
    The header and lines of the table.
  """
  rows = []
  for method, (run, learner) in TABLES[number].items():
    for seed in seeds:
      experiment.finish(run, seed)
    found = [
        {
            (r['shots'], r['split']): r
            for r in experiment.rows(run, seed)
            if r['learner'] == learner
        }
        for seed in seeds
    ]
    rows += [
        {
            'method': method,
            'shots': shots,
            'split': split,
            'metric': 'top1',
            **_over_seeds([by_key[shots, split] for by_key in found]),
        }
        for shots, split in found[0]
    ]
  run, _ = next(iter(TABLES[number].values()))
  data_set = experiment.data_set(run, seeds[0])
  known = data_set == _DATA[number]
  printed = json.loads(_PAPER.read_text(encoding='utf-8'))['tables']
  header, lines = report.compare.cells(
      rows, printed[str(number)] if known else []
  )
  if not known:  # neither the paper's numbers nor differences from them
    header, *lines = [[*line[:4], line[5]] for line in (header, *lines)]
  source = 'seeds' if len(seeds) > 1 else 'tasks, with one network each'
  note = (
      f'Mean and 95 % interval over {source}, with {experiment.spec}, on'
      f' {data_set}.'
  )
  if not known:
    note += f' The table of the paper is of {_DATA[number]}.'
  runs = dict.fromkeys(run for run, _ in TABLES[number].values())
  note += f'\n\nTasks:\n\n{experiment.tested_on(runs, seeds)}'
  text = report.tables.markdown(header, lines)
  path = os.path.join(experiment.workdir, f'table_{number}')
  report.atomic.write(f'{path}.md', f'# Table {number}\n\n{note}\n\n{text}')
  report.atomic.write(
      f'{path}.json', json.dumps({'note': note, 'rows': rows}, indent=1) + '\n'
  )
  return header, lines


def _over_seeds(rows: list[dict[str, Any]]) -> dict[str, Any]:
  """Mean and half-width: over tasks for one seed, else over seeds."""
  if len(rows) == 1:
    return {k: rows[0][k] for k in ('mean', 'half_width', 'trials')}
  mean, half_width = evaluation.over_seeds([[row['mean']] for row in rows])
  return {'mean': mean, 'half_width': half_width, 'trials': len(rows)}


def main() -> None:
  parser = dense_runs.parser(__doc__)
  parser.add_argument('--table', type=int, choices=TABLES, required=True)
  options = parser.parse_args()
  experiment = dense_runs.experiment(options)
  header, lines = make(experiment, options.table, options.seeds)
  report.tables.show(header, lines, title=f'Table {options.table}')


if __name__ == '__main__':
  scripting.start(main)
