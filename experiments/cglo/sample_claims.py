"""Which of the paper's claims hold, seed by seed, with intervals.

  python experiments/cglo/sample_claims.py --workdir=runs/cglo_glyphs

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020, sections 4.2 to 4.4.
Both sides of a difference learn from the same images of a seed, and the 95 %
interval is Student's over seeds. A claim holds where all of the interval is
above zero, does not where all of it is below, and is undecided in between.
Reads the rows that sample_rows.py has finished there, and writes claims.md.
"""

import argparse
import os
import pathlib
from typing import NamedTuple

import numpy as np
import sample_rows

from lsl_jax import evaluation, report
from lsl_jax.pipeline import scripting


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
)


def accuracies(workdir: str, shots: int, row: str, metric: str) -> np.ndarray:
  """Per cent by seed `[S]` of a finished row; nothing where it is not."""
  folder = sample_rows.folder(workdir, shots, row)
  if not scripting.is_finished(folder):
    return np.zeros(0)
  found = report.results.read(folder)['metadata']['accuracies']
  return np.array([100 * seed[metric] for seed in found])


def difference(
    workdir: str, shots: int, claim: Claim, metric: str
) -> np.ndarray:
  """Points by seed `[S]`, of the seeds that both sides have."""
  sides = [
      accuracies(workdir, shots, row, metric)
      for row in (claim.better, claim.worse)
  ]
  seeds = min(map(len, sides))
  return sides[0][:seeds] - sides[1][:seeds]


def lines(workdir: str, metric: str) -> list[str]:
  """A line of each claim and number of images, then how the gain changes."""
  sizes = sorted(int(p.name[1:]) for p in pathlib.Path(workdir).glob('n*'))
  judged = [
      (claim.text, f'{shots}', difference(workdir, shots, claim, metric))
      for claim in CLAIMS
      for shots in sizes
  ]
  gains = [
      (shots, gain)
      for shots in sizes
      if len(gain := difference(workdir, shots, CLAIMS[0], metric))
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


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument('--workdir', required=True)
  options = parser.parse_args()
  found = [
      line
      for metric in ('top1', 'top5')
      for line in lines(options.workdir, metric)
  ]
  if not found:
    parser.error(
        f'{options.workdir} has no two finished rows of a claim; run'
        ' sample_rows.py'
    )
  text = '\n'.join(
      [
          '# Claims',
          '',
          '| claim | metric | N | difference, points | seeds | verdict |',
          '|:--|:--|--:|--:|--:|:--|',
          *found,
          '',
      ]
  )
  report.atomic.write(os.path.join(options.workdir, 'claims.md'), text)
  print(text)


if __name__ == '__main__':
  main()
