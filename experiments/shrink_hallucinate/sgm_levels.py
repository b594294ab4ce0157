"""Does a network's accuracy on base classes predict that on novel ones?

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017, section 6.4, where it does not.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import sgm_study as study_lib

from lsl_jax import evaluation

METRICS = ('base_only/top1', 'novel/top5')
# By representation, then by seed: per cent by `METRICS`.
Levels = Mapping[str, Mapping[int, tuple[float, float]]]


def base_and_novel(
    study: study_lib.Study, seeds: Sequence[int], runs: Sequence[str]
) -> Levels:
  """What networks know, and how well they learn new classes.

  Args:
    study: of the runs.
    seeds: that are looked at.
    runs: of the representations.

  Returns:
    Of each representation and seed that is finished: top-1 among base classes
    alone and one-shot top-5 on novel classes, in per cent.
  """
  found: dict[str, dict[int, tuple[float, float]]] = {}
  for run in runs:
    for seed in seeds:
      base, novel = (
          study.accuracies(run, seed, 'logistic', metric) for metric in METRICS
      )
      if base is not None and novel is not None:
        pair = [100 * float(np.mean(side[:, 0])) for side in (base, novel)]
        found.setdefault(run, {})[seed] = pair[0], pair[1]
  return found


def correlation(levels: Levels) -> tuple[float, float, list[str], int]:
  """Of base and novel accuracy over representations, seed by seed.

  Args:
    levels: of `base_and_novel`.

  Returns:
    Mean and half-width of the 95 % interval over seeds (NaN for one), the
    representations that have as many seeds as any, which alone are counted,
    and the number of seeds.
  """
  most = max(map(len, levels.values()))
  runs = [run for run, by_seed in levels.items() if len(by_seed) == most]
  seeds = sorted(set.intersection(*(set(levels[run]) for run in runs)))
  values = []
  for seed in seeds:
    base, novel = np.transpose([levels[run][seed] for run in runs])
    values.append(np.asarray(np.corrcoef(base, novel))[:1, 1])
  mean, half_width = evaluation.over_seeds(values)
  return mean, half_width, runs, len(seeds)


def markdown(levels: Levels) -> str:
  """A table of `base_and_novel` and its correlation; '' below three runs."""
  if len(levels) < 3:
    return ''
  lines = ['', '## Does base accuracy predict novel accuracy?', '']
  mean, half_width, runs, seeds = correlation(levels)
  if len(runs) > 2:
    width = '' if np.isnan(half_width) else f' ± {half_width:.2f}'
    lines += [
        f'The correlation over {", ".join(runs)} is {mean:+.2f}{width}'
        f' ({seeds} seed{"s" * (seeds > 1)}).',
        '',
    ]
  lines += [
      '| representation | seeds | base classes, top-1 | novel classes, n=1,'
      ' top-5 |',
      '|:--|--:|--:|--:|',
  ]
  for run, by_seed in levels.items():
    base, novel = np.mean(list(by_seed.values()), 0)
    lines.append(f'| {run} | {len(by_seed)} | {base:.2f} | {novel:.2f} |')
  return '\n'.join([*lines, ''])
