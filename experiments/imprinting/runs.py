"""The runs behind the tables, figures and claims, each in its own folder.

A run is one config of configs/imprint_*.py with one seed; it lives in
`WORKDIR/seedS/NAME`. A finished run is read, one that was interrupted goes on,
and runs whose phase 1 is that of `generalized` take it over from there.
"""

import argparse
from collections.abc import Callable, Sequence
import dataclasses
import os
import sys
from typing import Any, NamedTuple

from absl import flags
from ml_collections import config_flags

from lsl_jax import report
from lsl_jax.pipeline import overrides, registry, runtime, sharing
from lsl_jax.pipeline import run as pipeline

_ON_FEATURES = ('random', 'imprint', 'imprint_aug', 'nearest')
_FINE_TUNED = ('random_finetune', 'imprint_finetune')
# Figure 7: sizes of the embedding, and shots.
SIZES = (64, 128, 256, 512)
SIZES_SHOTS = (1, 5)


class Run(NamedTuple):
  """What a run adds to the config.

  Attributes:
    variants: of the config, see lsl_jax/pipeline/imprinting.py.
    learners: names of lsl_jax/pipeline/registry.py.
    shots: which of the config's shots are wanted; all if empty, or if the
      config has none of them.
  """

  variants: tuple[str, ...]
  learners: tuple[str, ...]
  shots: tuple[int, ...] = ()


# Whose phase 1 others share.
SHARED = 'generalized'
# The cheapest first.
RUNS = {
    SHARED: Run((), _ON_FEATURES),
    'transfer': Run(('transfer',), _ON_FEATURES),
    'lifted': Run(('lifted',), ('imprint', 'nearest')),
    **{f'd{size}': Run((f'd{size}',), ('imprint',)) for size in SIZES},
    'transfer_finetune': Run(('transfer_finetune',), _FINE_TUNED),
    'finetune': Run(('finetune',), _FINE_TUNED),
    'generator': Run(('generator',), ('logistic_hallucinate',)),
    'matching': Run(('matching',), ('matching_network',)),
    'joint': Run(('joint',), ('joint',)),
    **{
        f'joint_d{size}': Run(('joint', f'd{size}'), ('joint',), SIZES_SHOTS)
        for size in SIZES
    },
}


@dataclasses.dataclass(frozen=True)
class Experiment:
  """The runs of one config file.

  Attributes:
    spec: the file, then its variants after a colon.
    workdir: the folder of all runs.
    settings: `key=value`, as `--config.key=value` on the command line.
    trained_shots: shots of the learners that train a network for each draw, if
      not those of the config.
  """

  spec: str
  workdir: str
  settings: tuple[str, ...] = ()
  trained_shots: tuple[int, ...] = ()

  def folder(self, name: str, seed: int) -> str:
    """Where a run lives."""
    return os.path.join(self.workdir, f'seed{seed}', name)

  def config(self, name: str, seed: int) -> Any:
    """The whole config of a run.

    Raises:
      ValueError: the file, a variant or a setting does not exist.
    """
    path, _, own = self.spec.partition(':')
    variants, learners, wanted = RUNS[name]
    # The run's variants come last, so that `smoke` leaves sizes to them.
    spec = f'{path}:{",".join([*filter(None, [own]), *variants])}'
    config = _load(spec.removesuffix(':'), self.settings)
    with config.unlocked():
      config.seed = seed
      config.learners = learners
      if self.trained_shots and _trains(learners):
        config.evaluation.shots = self.trained_shots
      shots = tuple(n for n in config.evaluation.shots if n in wanted)
      config.evaluation.shots = shots or config.evaluation.shots
    return config

  def finish(self, name: str, seed: int) -> str:
    """Runs to the end whatever of a run is missing; returns its folder.

    Raises:
      one of `pipeline.ERRORS`.
    """
    config, folder = self.config(name, seed), self.folder(name, seed)
    if is_finished(folder):
      pipeline.claim(config, folder).release()
      return folder
    if name != SHARED and self._shares(config, seed):
      config.representation.workdir = self.finish(SHARED, seed)
    print(f'\n{folder}\n', flush=True)
    pipeline.run(config, folder)
    return folder

  def _shares(self, config: Any, seed: int) -> bool:
    """Whether a run can take its network over."""
    needed = any(registry.LEARNERS[name].make for name in config.learners)
    return needed and not sharing.differences(
        config.to_dict(), self.config(SHARED, seed).to_dict()
    )


def is_finished(folder: str) -> bool:
  """Whether a run has been brought to its end there."""
  return os.path.exists(os.path.join(folder, report.results.JSON_NAME))


def parser(description: str | None) -> argparse.ArgumentParser:
  """What every script here takes, but for the config."""
  result = argparse.ArgumentParser(
      description=description,
      formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  result.add_argument('--workdir', required=True, help='folder of all runs')
  result.add_argument(
      '--seeds', type=int, nargs='+', default=[0], help='a run of each for each'
  )
  result.add_argument(
      '--set',
      action='extend',
      nargs='+',
      default=[],
      dest='settings',
      metavar='KEY=VALUE',
      help='settings of the config, such as data.path=cub50_96.npz',
  )
  result.add_argument(
      '--trained-shots',
      type=int,
      nargs='+',
      default=[],
      help='shots of fine-tuning and joint training, if not all',
  )
  return result


def experiment(options: argparse.Namespace) -> Experiment:
  """The experiment that a command line describes."""
  return Experiment(
      options.config,
      options.workdir,
      tuple(options.settings),
      tuple(options.trained_shots),
  )


def start(main: Callable[[], None]) -> None:
  """Runs a script; what its user can mend is shown as a message."""
  runtime.start()
  try:
    main()
  except pipeline.Preempted as error:
    sys.exit(f'{error}; the same command goes on from there')
  except pipeline.ERRORS as error:
    sys.exit(f'{os.path.basename(sys.argv[0])}: {error}')


def _load(spec: str, settings: Sequence[str]) -> Any:
  """A config with settings, as the command line of lsl_jax.main makes it."""
  for setting in settings:
    if '=' not in setting:
      raise ValueError(f'--set {setting}: expected KEY=VALUE')
  values = flags.FlagValues()
  assigned = [f'--config.{setting}' for setting in settings]
  argv = ['', f'--config={spec}', *assigned]
  config_flags.DEFINE_config_file('config', flag_values=values, sys_argv=argv)
  try:
    values(argv)
    return values.config
  except (
      AttributeError,
      KeyError,
      TypeError,
      ValueError,
      OSError,
      flags.Error,
  ) as error:
    raise ValueError(overrides.explain(argv, error)) from error


def _trains(learners: Sequence[str]) -> bool:
  return any(registry.LEARNERS[n].consumes == 'images' for n in learners)
