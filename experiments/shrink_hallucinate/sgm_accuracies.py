"""Every accuracy measured, a table a split, a column a number of shots.

Tables 1 and 2 of the paper hold those of novel and of all classes; base classes
and the label space of novel classes alone tell what they cost and whence they
come.
"""

from collections.abc import Sequence

import sgm_rows as rows_lib
import sgm_study as study_lib

from lsl_jax import evaluation, report

SPLITS = {
    'novel': 'novel classes, joint label space',
    'base': 'base classes, joint label space',
    'all': 'all classes, joint label space',
    'novel_only': 'novel classes among themselves',
}


def markdown(study: study_lib.Study, seeds: Sequence[int], metric: str) -> str:
  """Mean and 95 % interval over seeds, or over the draws of a single one.

  Args:
    study: of the runs.
    seeds: that are looked at.
    metric: 'top1' or 'top5'.

  Returns:
    A section of Markdown for each split; '' where nothing is finished.
  """
  sections = []
  for split, title in SPLITS.items():
    header, lines = [title, 'seeds'], []
    for row in rows_lib.ROWS:
      values = [
          (seed, accuracies)
          for seed in seeds
          if (
              accuracies := study.accuracies(
                  row.run, seed, row.learner, f'{split}/{metric}'
              )
          )
          is not None
      ]
      if not values:
        continue
      shots = study.shots(row.run, values[0][0])
      header = [title, 'seeds', *(f'n={n}' for n in shots)]
      cells = [
          report.tables.cell(
              *evaluation.over_seeds([v[:, column] for _, v in values])
          )
          for column in range(len(shots))
      ]
      lines.append([row.paper.replace(' | ', ': '), str(len(values)), *cells])
    if lines:
      sections.append(report.tables.markdown(header, lines))
  return '\n'.join(sections)
