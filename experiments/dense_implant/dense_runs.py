"""The runs behind the tables and claims, each in a folder of its own.

A run is one config of configs/dense_*.py with one seed; it lives in
`WORKDIR/seedS/NAME`. A finished run is read, one that was interrupted goes on,
and runs that differ in their learners alone take over one network.
"""

import argparse
from collections.abc import Iterable
import dataclasses
import os
from typing import Any, NamedTuple

import numpy as np

from lsl_jax import report
from lsl_jax.pipeline import run as pipeline
from lsl_jax.pipeline import scripting


class Run(NamedTuple):
  """What a run adds to the config.

  Attributes:
    variants: of the config, see lsl_jax/pipeline/variants/dense.py.
    network: the run whose network it takes over, '' for its own.
  """

  variants: tuple[str, ...]
  network: str = ''


# The cheapest first.
RUNS = {
    'c128f_gap': Run(('c128f', 'gap')),
    'c128f_dc': Run(('c128f',)),
    'gap': Run(('gap',)),
    'dc': Run(()),
    'gap_poolings': Run(('gap', 'poolings'), 'gap'),
    'dc_poolings': Run(('poolings',), 'dc'),
    'wide': Run(('wide',)),
    'implants': Run(('implants',), 'dc'),
    'implant_poolings': Run(('implant_poolings',), 'dc'),
}


@dataclasses.dataclass(frozen=True)
class Experiment:
  """The runs of one config file.

  Attributes:
    spec: the file, then its variants after a colon.
    workdir: the folder of all runs.
    settings: `key=value`, as `--config.key=value` on the command line.
  """

  spec: str
  workdir: str
  settings: tuple[str, ...] = ()

  def folder(self, name: str, seed: int) -> str:
    """Where a run lives."""
    return os.path.join(self.workdir, f'seed{seed}', name)

  def config(self, name: str, seed: int) -> Any:
    """The whole config of a run.

    Raises:
      ValueError: the file, a variant or a setting does not exist.
    """
    path, _, own = self.spec.partition(':')
    # `smoke` comes last, so that it makes small whatever the others make.
    names = [*filter(None, own.split(',')), *RUNS[name].variants]
    names.sort(key='smoke'.__eq__)
    config = scripting.load_config(
        f'{path}:{",".join(names)}'.rstrip(':'), self.settings
    )
    with config.unlocked():
      config.seed = seed
    return config

  def finished(self, name: str, seed: int) -> bool:
    """Whether it has been brought to its end there."""
    return scripting.is_finished(self.folder(name, seed))

  def finish(self, name: str, seed: int) -> str:
    """Runs to the end whatever of a run is missing; returns its folder.

    Raises:
      one of `pipeline.ERRORS`.
    """
    folder = self.folder(name, seed)
    if self.finished(name, seed):
      return folder
    config = self.config(name, seed)
    if RUNS[name].network:
      config.representation.workdir = self.finish(RUNS[name].network, seed)
    print(f'\n{folder}\n', flush=True)
    pipeline.run(config, folder)
    return folder

  def rows(self, name: str, seed: int) -> list[dict[str, Any]]:
    """The rows of a finished run."""
    return report.results.read(self.folder(name, seed))['rows']

  def trials(self, name: str, seed: int, learner: str, shots: int, split: str):
    """Every task's accuracy `[T]`, or None where that was not measured."""
    with np.load(os.path.join(self.folder(name, seed), 'trials.npz')) as file:
      key = f'{learner}/{split}/top1/n{shots}'
      return file.get(key)

  def tasks(self, name: str, seed: int) -> dict[str, str]:
    """The names of the tasks that a finished run was tested on, by shots."""
    results = report.results.read(self.folder(name, seed))
    return results['metadata']['episodes_hash']

  def data_set(self, name: str, seed: int) -> str:
    """What data a finished run has: its split of classes, or their name."""
    results = report.results.read(self.folder(name, seed))
    settings = results['metadata']['config']['data']
    return settings['split'] or settings['name']

  def tested_on(self, names: Iterable[str], seeds: Iterable[int]) -> str:
    """The names of the tasks of finished runs, a line of Markdown each.

    Two people with the same names were tested on the same tasks.
    """
    found: dict[tuple[int, str], list[str]] = {}
    for seed in seeds:
      for name in names:
        if self.finished(name, seed):
          words = ', '.join(
              f'{shots}-shot `{tasks}`'
              for shots, tasks in self.tasks(name, seed).items()
          )
          found.setdefault((seed, words), []).append(name)
    return '\n'.join(
        f'* seed {seed}, {", ".join(runs)}: {words}'
        for (seed, words), runs in found.items()
    )


def parser(description: str | None) -> argparse.ArgumentParser:
  """What every script here takes."""
  result = scripting.parser(description)
  result.add_argument('--config', required=True, help='FILE[:VARIANTS]')
  return result


def experiment(options: argparse.Namespace) -> Experiment:
  """The experiment that a command line describes."""
  return Experiment(options.config, options.workdir, tuple(options.settings))
