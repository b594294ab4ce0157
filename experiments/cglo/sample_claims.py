"""Which of the paper's claims hold, seed by seed, with intervals.

  python experiments/cglo/sample_claims.py --workdir=runs/cglo_glyphs

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020, sections 5, 5.1 and 5.3.
Both sides of a difference learn from the same images of a seed, and the 95 %
interval is Student's over seeds. A claim holds where all of the interval is
above zero, does not where all of it is below, and is undecided in between.
Reads the rows that sample_rows.py has finished there, and writes claims.md:
what they were run with, the claims, and the numbers of every seed.
"""

import argparse
from collections.abc import Sequence
import os
from typing import NamedTuple

import numpy as np
import sample_results

from lsl_jax import evaluation, report

Runs = Sequence[sample_results.Run]


class Claim(NamedTuple):
  """One row is said to be above another.

  Attributes:
    text: in words.
    better: a name of `sample_rows.ROWS`.
    worse: likewise.
  """

  text: str
  better: str
  worse: str


CLAIMS = (
    Claim('cGLO beats the baseline', 'cglo', 'baseline'),
    Claim('... and Cutout', 'cglo', 'cutout'),
    Claim('... and Random Erasing', 'cglo', 'random_erase'),
    Claim('slerp contributes', 'cglo', 'lerp'),
    Claim('the classifier contributes', 'cglo', 'no_classifier'),
    Claim('it adds to AutoAugment', 'autoaugment_cglo', 'autoaugment'),
    Claim(
        '... when it is transductive', 'autoaugment_transductive', 'autoaugment'
    ),
)


def difference(runs: Runs, shots: int, claim: Claim, metric: str) -> np.ndarray:
  """Points by seed `[S]`, of the seeds that both sides have.

  Raises:
    ValueError: they did not learn from the same images.
  """
  sides = []
  for name in (claim.better, claim.worse):
    sides += [run for run in runs if (run.row, run.shots) == (name, shots)]
  if len(sides) < 2:
    return np.zeros(0)
  better, worse = sides
  seeds = min(len(better.accuracies), len(worse.accuracies))
  if better.samples[:seeds] != worse.samples[:seeds]:
    raise ValueError(
        f'{claim.better} and {claim.worse} with {shots} images a class have'
        ' other samples, they cannot be compared'
    )
  values = np.array(
      [[seed[metric] for seed in run.accuracies[:seeds]] for run in sides]
  )
  return 100 * (values[0] - values[1])


def lines(runs: Runs, metric: str) -> list[str]:
  """A line of each claim and number of images, then how the gain changes."""
  sizes = sorted({run.shots for run in runs})
  judged = [
      (claim.text, f'{shots}', difference(runs, shots, claim, metric))
      for claim in CLAIMS
      for shots in sizes
  ]
  gains = [
      (shots, gain)
      for shots in sizes
      if len(gain := difference(runs, shots, CLAIMS[0], metric))
  ]
  if len(gains) > 1:
    (few, first), (many, last) = gains[0], gains[-1]
    seeds = min(len(first), len(last))
    judged.append(
        (
            'it beats the baseline most at few images',
            f'{few} against {many}',
            first[:seeds] - last[:seeds],
        )
    )
  found = []
  for text, shots, points in judged:
    if len(points):
      mean, width = evaluation.over_seeds(points[:, None])
      found.append(
          f'| {text} | {metric} | {shots} | {mean:+.2f} ± {width:.2f} |'
          f' {len(points)} | {evaluation.verdict(mean, width)} |'
      )
  return found


def by_seed(runs: Runs) -> str:
  """A table of what every row reached with every seed, in per cent."""
  most = max(len(run.accuracies) for run in runs)
  seeds = [f'seed {seed}' for seed in range(most)]
  header = ['row', 'metric', 'N', *seeds, 'mean ± standard error']
  table = []
  for run in runs:
    for row in run.rows:
      metric = row['metric']
      values = [f'{100 * seed[metric]:.2f}' for seed in run.accuracies]
      values += [report.tables.NOTHING] * (most - len(values))
      mean = report.tables.cell(row['mean'], row['half_width'])
      table.append([run.title, metric, str(run.shots), *values, mean])
  return report.tables.markdown(header, table)


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument('--workdir', required=True)
  options = parser.parse_args()
  runs = sample_results.read(options.workdir)
  try:
    found = [*lines(runs, 'top1'), *lines(runs, 'top5')]
  except ValueError as error:
    parser.error(f'{options.workdir}: {error}')
  if not found:
    parser.error(
        f'{options.workdir} has no two finished rows of a claim; run'
        ' sample_rows.py'
    )
  text = '\n'.join(
      [
          '# Claims',
          '',
          f'Measured: {sample_results.setting(runs)}.',
          '',
          '| claim | metric | N | difference, points | seeds | verdict |',
          '|:--|:--|--:|--:|--:|:--|',
          *found,
          '',
          '## By seed',
          '',
          f'Accuracy in per cent; N images a class.\n\n{by_seed(runs)}',
      ]
  )
  report.atomic.write(os.path.join(options.workdir, 'claims.md'), text)
  print(text)


if __name__ == '__main__':
  main()
