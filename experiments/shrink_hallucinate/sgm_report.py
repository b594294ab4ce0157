"""Fills tables 1 and 2, draws figures 4 to 6, and judges the paper's claims.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017.

  python experiments/shrink_hallucinate/sgm_report.py \
      --config=configs/sgm_glyphs.py --workdir=runs/sgm_glyphs --seeds 0 1

Runs that are missing are made, in the order of the tables; `--runs` limits
them, and `--read-only` makes none. Writes table_1.md, table_2.md,
accuracies.md, figure_4.png to figure_6.png, claims.md and numbers.json into the
workdir; Figure 2 is `figures/analogies.png` of each run with generation.
"""

import json
import os
from typing import Any

import sgm_accuracies
import sgm_claims
import sgm_levels
import sgm_rows as rows_lib
import sgm_study as study_lib

from lsl_jax import evaluation, report
from lsl_jax.pipeline import scripting

METRIC = 'top5'


def measured(
    study: study_lib.Study, seeds: list[int], split: str
) -> list[dict[str, Any]]:
  """Rows of results over all seeds that have them."""
  found = []
  for row in rows_lib.ROWS:
    by_seed = {
        seed: study.accuracies(row.run, seed, row.learner, f'{split}/{METRIC}')
        for seed in seeds
    }
    values = {seed: v for seed, v in by_seed.items() if v is not None}
    if not values:
      continue
    for column, shots in enumerate(study.shots(row.run, next(iter(values)))):
      mean, width = evaluation.over_seeds(
          [v[:, column] for v in values.values()]
      )
      found.append(
          {
              'method': row.paper,
              'shots': shots,
              'split': split,
              'metric': METRIC,
              'mean': mean,
              'half_width': None if width != width else width,
              'seeds': len(values),
          }
      )
  return found


def paper(table: int, backbone: str) -> list[dict[str, Any]]:
  """A table of the paper as `report.compare.cells` takes it."""
  path = os.path.join(os.path.dirname(__file__), 'paper.json')
  with open(path, encoding='utf-8') as file:
    content = json.load(file)['tables'][str(table)]
  return [
      {
          'method': method.removeprefix(f'{backbone} | '),
          'shots': int(shots),
          'split': rows_lib.TABLES[table],
          'metric': METRIC,
          'percent': percent,
      }
      for method, values in content.items()
      if method.startswith(f'{backbone} | ')
      for shots, percent in values.items()
  ]


def write(study: study_lib.Study, seeds: list[int], backbone: str) -> None:
  """Writes all that the finished runs allow."""
  every = []
  for table, split in rows_lib.TABLES.items():
    rows = measured(study, seeds, split)
    every += rows
    header, lines = report.compare.cells(rows, paper(table, backbone))
    text = report.tables.markdown(header, lines)
    note = (
        f'Measured with {study.spec}, seeds {seeds}: mean and 95 % interval'
        ' over seeds, or over the draws of the only one that has a row. Paper:'
        f' {backbone} on ImageNet.'
    )
    report.atomic.write(
        os.path.join(study.workdir, f'table_{table}.md'),
        f'# Table {table}\n\n{note}\n\n{text}',
    )
  for figure, methods in rows_lib.FIGURES.items():
    drawn = [row for row in every if row['method'] in methods]
    if drawn:
      report.save(
          report.accuracy_against_shots(
              drawn, splits=('novel', 'all'), metric=METRIC
          ),
          os.path.join(study.workdir, f'figure_{figure}.png'),
      )
  text = sgm_accuracies.markdown(study, seeds, METRIC)
  report.atomic.write(
      os.path.join(study.workdir, 'accuracies.md'),
      f'# Accuracies, {METRIC}, per cent\n\n{text}',
  )
  verdicts = sgm_claims.judge(study, seeds)
  levels = sgm_levels.base_and_novel(study, seeds, rows_lib.REPRESENTATIONS)
  report.atomic.write(
      os.path.join(study.workdir, 'claims.md'),
      sgm_claims.markdown(verdicts) + sgm_levels.markdown(levels),
  )
  report.atomic.write(
      os.path.join(study.workdir, 'numbers.json'),
      json.dumps({'rows': every, 'claims': verdicts}, indent=1) + '\n',
  )


def main() -> None:
  parser = scripting.parser(__doc__)
  parser.add_argument('--config', required=True)
  parser.add_argument(
      '--runs', nargs='+', choices=rows_lib.RUNS, default=list(rows_lib.RUNS)
  )
  parser.add_argument('--read-only', action='store_true')
  parser.add_argument('--backbone', default='ResNet-10')
  options = parser.parse_args()
  study = study_lib.Study(
      options.config, options.workdir, tuple(options.settings)
  )
  if not options.read_only:
    for name in options.runs:
      for seed in options.seeds:
        study.finish(name, seed)
      write(study, options.seeds, options.backbone)
  write(study, options.seeds, options.backbone)
  print(f'Written to {options.workdir}')


if __name__ == '__main__':
  scripting.start(main)
