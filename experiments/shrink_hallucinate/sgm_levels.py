"""Does a network's accuracy on base classes predict that on novel ones?

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017, section 6.4, where it does not.
"""

from collections.abc import Sequence

import numpy as np
import sgm_study as study_lib

METRICS = ('base_only/top1', 'novel/top5')


def base_and_novel(
    study: study_lib.Study, seeds: Sequence[int], runs: Sequence[str]
) -> list[tuple[str, float, float]]:
  """What networks know, and how well they learn new classes.

  Args:
    study: of the runs.
    seeds: that are averaged, where finished.
    runs: of the representations.

  Returns:
    Of each run: its name, top-1 among base classes alone and one-shot top-5 on
    novel classes, in per cent.
  """
  found = []
  for run in runs:
    numbers = []
    for seed in seeds:
      pair = [
          100 * float(np.mean(values[:, 0]))
          for metric in METRICS
          if (values := study.accuracies(run, seed, 'logistic', metric))
          is not None
      ]
      if len(pair) == len(METRICS):
        numbers.append(pair)
    if numbers:
      base, novel = np.mean(numbers, 0)
      found.append((run, float(base), float(novel)))
  return found


def markdown(levels: Sequence[tuple[str, float, float]]) -> str:
  """A table of `base_and_novel` and its correlation; '' below three runs."""
  if len(levels) < 3:
    return ''
  _, base, novel = zip(*levels, strict=True)
  lines = [
      '',
      '## Does base accuracy predict novel accuracy?',
      '',
      f'The correlation over {len(levels)} representations is'
      f' {np.corrcoef(base, novel)[0, 1]:+.2f}.',
      '',
      '| representation | base classes, top-1 | novel classes, n=1, top-5 |',
      '|:--|--:|--:|',
  ]
  lines += [f'| {run} | {a:.2f} | {b:.2f} |' for run, a, b in levels]
  return '\n'.join([*lines, ''])
