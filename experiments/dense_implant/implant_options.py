"""Chooses what the paper leaves open about implants, on validation classes.

  python experiments/dense_implant/implant_options.py \
      --config=configs/dense_fc100.py:quarter,implants --workdir=runs/options \
      --network=runs/fc100_quarter/seed0/dc --set data.path=cifar100.npz

Every setting is a run of its own on the same tasks, with the network of an
earlier run; each `--try` changes the config in one or more keys. Writes
options.md: the accuracy with implants, and how far it lies above the same
network's without, task by task, the best first.
"""

import os
from typing import Any

import numpy as np

from lsl_jax import evaluation, report
from lsl_jax.pipeline import run as pipeline
from lsl_jax.pipeline import scripting

WITHOUT, WITH = 'proto_gap_dense', 'implant_gap_gap_dense'
TRIED = (
    'learning_rate=3e-2',
    'learning_rate=1e-2',
    'learning_rate=1e-2,activation=relu',
    'learning_rate=1e-2,activation=none',
    'learning_rate=1e-2,weight_decay=0.1',
    'learning_rate=1e-2,init_scale=0.1',
    'learning_rate=1e-3',
    'learning_rate=3e-4',
    'learning_rate=1e-3,shortcut=False',
    *(
        f'normalisation=none,{changes}'
        for changes in (
            'learning_rate=1e-4',
            'learning_rate=1e-3',
            'learning_rate=1e-2',
            'learning_rate=1e-3,shortcut=False',
            'learning_rate=1e-3,weight_decay=0.1',
            'learning_rate=1e-3,activation=relu',
            'learning_rate=1e-3,activation=none',
            'learning_rate=1e-3,init_scale=0.1',
            'learning_rate=1e-2,init_scale=0.1',
        )
    ),
)


def measure(options: Any, changes: str, shots: int) -> list[np.ndarray] | None:
  """Accuracies of all tasks without and with implants, `[T]` each.

  Args:
    options: of the command line.
    changes: `KEY=VALUE,...` of `config.implants`.
    shots: K.

  Returns:
    None for a number of shots that the run did not measure.

  Raises:
    one of `pipeline.ERRORS`.
  """
  folder = os.path.join(options.workdir, changes.replace(',', '+'))
  if not scripting.is_finished(folder):
    config = scripting.load_config(
        options.config,
        [
            'evaluation.classes=validation',
            f'representation.workdir={options.network}',
            f'seed={options.seeds[0]}',
            *options.settings,
            *(f'implants.{change}' for change in changes.split(',')),
        ],
    )
    print(f'\n{folder}\n', flush=True)
    pipeline.run(config, folder)
  with np.load(os.path.join(folder, 'trials.npz')) as file:
    found = [file.get(f'{x}/novel/top1/n{shots}') for x in (WITHOUT, WITH)]
  return None if any(x is None for x in found) else found


def lines(options: Any) -> list[list[str]]:
  """A line a setting, those that gain most over all shots first."""
  found = []
  for changes in options.tried:
    gains, cells = [], [changes]
    for shots in options.shots:
      sides = measure(options, changes, shots)
      if sides is None:
        raise ValueError(f'{changes}: {shots} shots were not measured')
      gain, half_width = evaluation.confidence_interval(sides[1] - sides[0])
      gains.append(float(gain))
      cells += [
          f'{100 * sides[1].mean():.2f}',
          f'{100 * gain:+.2f} ± {100 * half_width:.2f}',
      ]
    found.append((np.mean(gains), cells))
  return [cells for _, cells in sorted(found, key=lambda x: -x[0])]


def main() -> None:
  parser = scripting.parser(__doc__)
  parser.add_argument('--config', required=True, help='FILE[:VARIANTS]')
  parser.add_argument('--network', required=True, help='workdir of its run')
  parser.add_argument('--shots', type=int, nargs='+', default=[5])
  parser.add_argument(
      '--try',
      nargs='+',
      default=TRIED,
      dest='tried',
      metavar='KEY=VALUE[,KEY=VALUE ...]',
      help='settings of implants; the last part of a config key',
  )
  options = parser.parse_args()
  header = ['implants']
  for shots in options.shots:
    header += [f'n={shots}', 'above none']
  found = lines(options)
  report.atomic.write(
      os.path.join(options.workdir, 'options.md'),
      f'# Implants on validation classes, {options.config}\n\n'
      + report.tables.markdown(header, found),
  )
  report.tables.show(header, found, title='Implants on validation classes')


if __name__ == '__main__':
  scripting.start(main)
