"""The runs behind the tables and figures, each in a folder of its own.

  python experiments/adaptive_margin/margin_runs.py --data=glyphs \
      --workdir=runs/margin_glyphs --seeds 0 1 2

A run is a config of configs/margin_*.py with some variants and a seed; it lives
in `WORKDIR/seedS/NAME`. A finished run is left alone, one that was
interrupted goes on. One process runs them all, seed after seed, so programs are
compiled once.
"""

from collections.abc import Sequence
import os
import pathlib
from typing import Any

from lsl_jax.pipeline import run, scripting

CONFIGS = pathlib.Path(__file__).parents[2] / 'configs'
# Names of runs, and the variants that make them, the most telling first.
RUNS = {
    'none': '',
    'naive': 'naive',
    'class_meta': 'class,meta',
    'task_meta': 'task,meta',
    'class_mean': 'class,mean',
    'task_mean': 'task,mean',
    'class_fixed': 'class,fixed',
    'class_joint': 'class,joint',
    'task_joint': 'task,joint',
    'class_floor': 'class,floor',
    'task_floor': 'task,floor',
    'dynamic': 'dynamic',
    'dynamic_class': 'dynamic,class',
    'dynamic_task': 'dynamic,task',
    'general': 'dynamic,generalized',
    'general_class': 'dynamic,class,generalized',
    'general_task': 'dynamic,task,generalized',
    'am3': 'am3',
    'am3_naive': 'am3,naive',
    'am3_class': 'am3,class',
    'am3_task': 'am3,task',
    'am3_cosine_task': 'am3,cosine,task',
    'am3_cosface': 'am3,cosface',
    'am3_arcface': 'am3,arcface',
    'matching': 'matching',
}
MAIN = ('none', 'naive', 'class_meta', 'task_meta')


def folder(workdir: str, name: str, seed: int) -> str:
  """Where a run lives."""
  return os.path.join(workdir, f'seed{seed}', name)


def get_config(
    data: str, name: str, seed: int, settings: Sequence[str], extra: str = ''
) -> Any:
  """The config of a run.

  Args:
    data: of configs/margin_DATA.py.
    name: of `RUNS`.
    seed: of the run.
    settings: `key=value`, as `--config.key=value` on the command line.
    extra: further variants, which come last.

  Returns:
    The config.
  """
  variants = ','.join(filter(None, (RUNS[name], extra)))
  spec = f'{CONFIGS / f"margin_{data}.py"}:{variants}'.removesuffix(':')
  config = scripting.load_config(spec, settings)
  config.seed = seed
  return config


def finish(workdir: str, name: str, seed: int, options: Any) -> None:
  """Does a run, unless it is finished."""
  place = folder(workdir, name, seed)
  if scripting.is_finished(place):
    return
  config = get_config(
      options.data, name, seed, options.settings, options.variants
  )
  run.run(config, place)


def main() -> None:
  parser = scripting.parser(__doc__)
  parser.add_argument('--data', required=True, help='of configs/margin_DATA.py')
  parser.add_argument('--runs', nargs='+', choices=RUNS, default=list(MAIN))
  parser.add_argument('--variants', default='', help='of the config, last')
  options = parser.parse_args()
  for name in options.runs:  # seeds within, so that programs are compiled once
    for seed in options.seeds:
      finish(options.workdir, name, seed, options)


if __name__ == '__main__':
  scripting.start(main)
