"""Solvers of the logistic learner, by validation accuracy and time.

  python experiments/shrink_hallucinate/sgm_solvers.py \
      --config=configs/sgm_cifar100.py --workdir=runs/solvers \
      --network=runs/sgm_cifar100/seed0/baseline --set data.path=cifar100.npz

Each `--try` is a setting of config.hallucination.logistic. With it the whole
grid of hyper-parameters is computed on base and validation classes, as a run
does it before it reports anything; what counts is the accuracy of the best
point, and the seconds that the grid took. Writes solvers.md.
"""

import os
import time
from typing import Any, NamedTuple

import numpy as np

from lsl_jax import report
from lsl_jax.pipeline import scripting
from lsl_jax.pipeline.problems import sources
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import phase1, sharing, tuning, tuning_grid

LEARNER = 'logistic'
# The small configs' own steps, then more of them; and the solver that rests,
# after so many steps at most.
TRIED = (
    'solver=sgd,iterations=500,batch_size=250',
    'solver=sgd,iterations=2000,batch_size=250',
    'solver=sgd,iterations=8000,batch_size=250',
    'solver=full,iterations=5',
    'solver=full,iterations=10',
    'solver=full,iterations=20',
    'solver=full,iterations=1000',
)


class Measured(NamedTuple):
  """One way.

  Attributes:
    point: the best of its grid.
    by_shots: accuracy there, for each number of shots of the tuning.
    points: how many the grid has.
    first: seconds of the whole grid, with compilation unless an earlier
      process has compiled it.
    again: seconds of another time, its programs read from the cache.
  """

  point: dict[str, float]
  by_shots: np.ndarray
  points: int
  first: float
  again: float


def measure(options: Any, changes: str) -> Measured:
  """Computes the grid of one setting twice.

  Args:
    options: of the command line.
    changes: `KEY=VALUE,...` of `config.hallucination.logistic`.

  Returns:
    Accuracy and time.

  Raises:
    ValueError: a setting that does not exist, or no validation classes.
  """
  config = scripting.load_config(
      options.config,
      [
          f'representation.workdir={options.network}',
          f'seed={options.seeds[0]}',
          *options.settings,
          *(f'hallucination.logistic.{x}' for x in changes.split(',')),
      ],
  )
  sharing.take(config, options.workdir)
  problem, held_out = sources.load(config, options.workdir)
  trained = phase1.train(config, problem, held_out, options.workdir)
  task = task_lib.make_task(config, problem, held_out)
  if task.validation is None:
    raise ValueError(f'{options.config}: it has no validation classes')
  validation = tuning.validation_task(config, task)
  points = tuning_grid.grid(config, LEARNER)
  seconds = []
  for _ in range(2):
    start = time.perf_counter()
    found = tuning_grid.accuracies(
        config, validation, trained, options.workdir, LEARNER, points
    )
    seconds.append(time.perf_counter() - start)
  best = int(np.argmax(found.mean((1, 2))))
  return Measured(points[best], found[best].mean(0), len(points), *seconds)


def lines(options: Any) -> list[list[str]]:
  """A line a way, in the order of `--try`."""
  found = []
  for changes in options.tried:
    made = measure(options, changes)
    cells = [
        changes.replace(',', ', '),
        *(f'{100 * value:.2f}' for value in made.by_shots),
        f'{100 * made.by_shots.mean():.2f}',
        ', '.join(f'{key} {value:g}' for key, value in made.point.items()),
        str(made.points),
        f'{made.first:.1f}',
        f'{made.again:.1f}',
    ]
    found.append(cells)
    print(' | '.join(cells), flush=True)
  return found


def main() -> None:
  parser = scripting.parser(__doc__)
  parser.add_argument('--config', required=True, help='FILE[:VARIANTS]')
  parser.add_argument('--network', required=True, help='workdir of its run')
  parser.add_argument(
      '--try',
      nargs='+',
      default=TRIED,
      dest='tried',
      metavar='KEY=VALUE[,KEY=VALUE ...]',
      help='settings of config.hallucination.logistic',
  )
  options = parser.parse_args()
  os.makedirs(options.workdir, exist_ok=True)
  config = scripting.load_config(options.config, options.settings)
  tuned = config.hallucination.tuning
  header = [
      'solver',
      *(f'n={shots}' for shots in tuning_grid.shots(config)),
      'mean',
      'best point',
      'points',
      's, first',
      's, again',
  ]
  title = f'top-{tuned.top} on base and validation classes'
  table = report.tables.markdown(header, lines(options))
  report.atomic.write(
      os.path.join(options.workdir, 'solvers.md'),
      f'# Solvers, {title}, {options.config}\n\n{table}',
  )


if __name__ == '__main__':
  scripting.start(main)
