"""Runs behind tables, figures and claims, and the numbers that they left.

A run is a variant of a config with one seed; it lives in `WORKDIR/seedS/NAME`.
A finished run is read, one that was interrupted goes on. Learners that need the
baseline's network take it over.
"""

import dataclasses
import os
from typing import Any

import numpy as np
import sgm_rows as rows_lib

from lsl_jax import report
from lsl_jax.pipeline import run as pipeline
from lsl_jax.pipeline import scripting


@dataclasses.dataclass(frozen=True)
class Study:
  """The runs of one config file.

  Attributes:
    spec: the file, then its variants after a colon.
    workdir: the folder of all runs.
    settings: `KEY=VALUE`, as `--config.KEY=VALUE` on the command line; with
      `NAME:` before it, of that run alone.
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
    # `smoke` comes last: it leaves no variant its size.
    variants = [*rows_lib.RUNS[name], *filter(None, [own])]
    config = scripting.load_config(
        f'{path}:{",".join(variants)}'.removesuffix(':'),
        [
            setting.removeprefix(f'{name}:')
            for setting in self.settings
            if ':' not in setting.split('=')[0]
            or setting.startswith(f'{name}:')
        ],
    )
    config.seed = seed
    return config

  def finish(self, name: str, seed: int) -> str:
    """Runs to the end whatever of a run is missing; returns its folder."""
    folder = self.folder(name, seed)
    if scripting.is_finished(folder):
      return folder
    config = self.config(name, seed)
    if name in rows_lib.SHARE:
      config.representation.workdir = self.finish('baseline', seed)
    if name in rows_lib.START:
      config.representation.start = self.finish('baseline', seed)
    print(f'\n{folder}\n', flush=True)
    pipeline.run(config, folder)
    return folder

  def accuracies(
      self, name: str, seed: int, learner: str, metric: str
  ) -> np.ndarray | None:
    """A number a draw and number of shots, `[T, shots]`; None if not there."""
    folder = self.folder(name, seed)
    if not scripting.is_finished(folder):
      return None
    path = os.path.join(folder, 'trials.npz')
    key = f'{learner}/{metric}'
    if os.path.exists(path):
      with np.load(path) as file:
        if key in file:
          return file[key].astype(np.float64)
    split, kind = metric.split('/')
    means = {
        row['shots']: row['mean']
        for row in report.results.read(folder)['rows']
        if (row['learner'], row['split'], row['metric'])
        == (learner, split, kind)
    }
    return (
        np.array([[means[n] for n in self.shots(name, seed)]])
        if means
        else None
    )

  def shots(self, name: str, seed: int) -> tuple[int, ...]:
    """Numbers of shots of a finished run."""
    metadata = report.results.read(self.folder(name, seed))['metadata']
    return tuple(metadata['config']['evaluation']['shots'])
