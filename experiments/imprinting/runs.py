"""The runs behind the tables, figures and claims, each in its own folder.

A run is one config of configs/imprint_*.py with one seed; it lives in
`WORKDIR/seedS/NAME`. A finished run is read, one that was interrupted goes on,
and runs whose phase 1 is that of `generalized` take it over from there.
"""

import argparse
from collections.abc import Sequence
import dataclasses
import os
from typing import Any, NamedTuple

from lsl_jax.pipeline import run as pipeline
from lsl_jax.pipeline import scripting
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.stages import sharing

_ON_FEATURES = ('random', 'imprint', 'imprint_aug', 'nearest')
_FINE_TUNED = ('random_finetune', 'imprint_finetune')
# Figure 7: sizes of the embedding, and shots.
SIZES = (64, 128, 256, 512)
SIZES_SHOTS = (1, 5)


class Run(NamedTuple):
  """What a run adds to the config.

  Attributes:
    variants: of the config, see lsl_jax/pipeline/variants/imprinting.py.
    learners: names of lsl_jax/pipeline/learners/registry.py.
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
    config = scripting.load_config(spec.removesuffix(':'), self.settings)
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
    if scripting.is_finished(folder):
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


def parser(description: str | None) -> argparse.ArgumentParser:
  """What every script here takes, but for the config."""
  result = scripting.parser(description)
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


def _trains(learners: Sequence[str]) -> bool:
  return any(registry.LEARNERS[n].consumes == 'images' for n in learners)
