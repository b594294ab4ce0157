"""Runs all that claims.py reads, for one data set, the cheapest first.

  python experiments/imprinting/evidence.py --data=cub50 --workdir=runs/cub50 \
      --seeds 0 1 2 --set data.path=cub50_96.npz

One process, one run after the other; stopped and started again it goes on where
it was. The claims are printed whenever all seeds of a run are there.
"""

import os

import claims
import runs

from lsl_jax.pipeline import scripting

# AllClassJoint at other sizes (figure 7) costs the most and is left to
# `figure.py --figure=7`; no claim is about the methods of other papers.
NAMES = tuple(
    name
    for name in runs.RUNS
    if not name.startswith(('joint_d', 'generator', 'matching'))
)
DATA = ('glyphs', 'cub50', 'cifar100')


def collect(
    experiment: runs.Experiment, names: list[str], seeds: list[int]
) -> list[claims.Result]:
  """Finishes every run, and judges the claims after each that all seeds have.

  Args:
    experiment: the config.
    names: of runs.RUNS, in the order to run them.
    seeds: a run of each for each.

  Returns:
    What all of them say.
  """
  results: list[claims.Result] = []
  for name in names:
    for seed in seeds:
      experiment.finish(name, seed)
    results = claims.judge(claims.read(experiment.workdir, seeds))
    claims.write(experiment.workdir, results)
  return results


def main() -> None:
  parser = runs.parser(__doc__)
  parser.add_argument('--data', choices=DATA, required=True)
  parser.add_argument(
      '--config', help='by default configs/imprint_DATA.py; variants may follow'
  )
  parser.add_argument(
      '--runs',
      nargs='+',
      choices=tuple(runs.RUNS),
      default=list(NAMES),
      help='only these, in this order',
  )
  options = parser.parse_args()
  options.config = options.config or f'configs/imprint_{options.data}.py'
  experiment = runs.experiment(options)
  results = collect(experiment, options.runs, options.seeds)
  print(claims.write(experiment.workdir, results))
  print(f'Written to {os.path.join(experiment.workdir, "claims.md")}')


if __name__ == '__main__':
  scripting.start(main)
