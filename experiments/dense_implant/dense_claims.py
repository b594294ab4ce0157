"""Which of the paper's claims hold, each as a difference with its interval.

  python experiments/dense_implant/dense_claims.py \
      --config=configs/dense_fc100.py:quarter --workdir=runs/fc100

Reads the runs that are finished; `--run` makes those that are missing first.
Both sides of a difference are tested on the same tasks. Of one seed the
interval is over tasks, so that it says nothing of other networks; of several it
is over seeds.
"""

import math
import os
from typing import Any, NamedTuple

import dense_runs

from lsl_jax import evaluation, report
from lsl_jax.pipeline import scripting

SHOTS = (1, 5, 10)


class Claim(NamedTuple):
  """A difference, and where the paper has it.

  Attributes:
    text: what is claimed.
    more: run and learner of the minuend.
    less: of the subtrahend.
    split: whose queries are counted.
    above: the difference is said to be above this, a fraction ...
    below: ... and below this.
  """

  text: str
  more: tuple[str, str]
  less: tuple[str, str]
  split: str
  above: float = 0.0
  below: float = math.inf


CLAIMS = (
    Claim(
        'dense training beats pooling on ResNet-12',
        ('dc', 'proto_gap_dense'),
        ('gap', 'proto_gap_gap'),
        'novel',
    ),
    Claim(
        '... tested by maxima as in table 1',
        ('dc', 'proto_gmp_gmp'),
        ('gap', 'proto_gap_gap'),
        'novel',
    ),
    Claim(
        'dense training hurts C128F',
        ('c128f_dc', 'proto_gmp_gmp'),
        ('c128f_gap', 'proto_gap_gap'),
        'novel',
        above=-math.inf,
        below=0.0,
    ),
    Claim(
        'dense training gains on base and novel together',
        ('dc_poolings', 'proto_gap_dense'),
        ('gap_poolings', 'proto_gap_gap'),
        'all',
    ),
    Claim(
        'dense training gains on base classes',
        ('dc_poolings', 'proto_gap_dense'),
        ('gap_poolings', 'proto_gap_gap'),
        'base',
    ),
    Claim(
        'implants add',
        ('implants', 'implant_gap_gap_dense'),
        ('implants', 'proto_gap_dense'),
        'novel',
    ),
    Claim(
        'WIDE adds less than half a point',
        ('wide', 'proto_gap_dense'),
        ('dc', 'proto_gap_dense'),
        'novel',
        above=-math.inf,
        below=0.005,
    ),
)


def difference(
    experiment: Any, claim: Claim, seeds: list[int], shots: int
) -> tuple[float, float] | None:
  """Mean difference and half-width, as fractions.

  Args:
    experiment: where the runs are.
    claim: what is compared.
    seeds: whose runs are read; those without both sides are left out.
    shots: K.

  Returns:
    None where nothing was measured.

  Raises:
    ValueError: the two sides were tested on different tasks.
  """
  pairs = []
  for seed in seeds:
    sides = []
    for run, learner in (claim.more, claim.less):
      if experiment.finished(run, seed):
        sides.append(experiment.trials(run, seed, learner, shots, claim.split))
    if len(sides) < 2 or any(side is None for side in sides):
      continue
    names = {
        experiment.tasks(run, seed)[str(shots)]
        for run, _ in (claim.more, claim.less)
    }
    if len(names) > 1:
      raise ValueError(
          f'{claim.text}: {claim.more[0]} and {claim.less[0]} of seed {seed}'
          f' were tested on different {shots}-shot tasks ({sorted(names)})'
      )
    pairs.append(sides[0] - sides[1])
  if not pairs:
    return None
  return evaluation.over_seeds(pairs)


def lines(experiment: Any, seeds: list[int]) -> list[list[str]]:
  """A line a claim and number of shots that was measured."""
  found = []
  for claim in CLAIMS:
    for shots in SHOTS:
      value = difference(experiment, claim, seeds, shots)
      if value is not None:
        mean, half_width = value
        found.append(
            [
                claim.text,
                claim.split,
                str(shots),
                f'{100 * mean:+.2f} ± {100 * half_width:.2f}',
                evaluation.verdict(
                    mean, half_width, above=claim.above, below=claim.below
                ),
            ]
        )
  return found


def main() -> None:
  parser = dense_runs.parser(__doc__)
  parser.add_argument(
      '--run',
      nargs='*',
      choices=dense_runs.RUNS,
      default=None,
      help='first make these runs (without names, all)',
  )
  options = parser.parse_args()
  experiment = dense_runs.experiment(options)
  if options.run is not None:
    for name in options.run or dense_runs.RUNS:
      for seed in options.seeds:
        experiment.finish(name, seed)
  header = ['claim', 'classes', 'n', 'difference (points)', 'verdict']
  found = lines(experiment, options.seeds)
  text = report.tables.markdown(header, found)
  report.atomic.write(
      os.path.join(options.workdir, 'claims.md'),
      f'# Claims, {options.config}, seeds {options.seeds}\n\n{text}\nTasks:\n\n'
      f'{experiment.tested_on(dense_runs.RUNS, options.seeds)}\n',
  )
  report.tables.show(header, found, title='Claims')


if __name__ == '__main__':
  scripting.start(main)
