"""What finished runs measured: a number a draw, and how seeds combine."""

from collections.abc import Iterable, Mapping
import glob
import json
import os
from typing import Any, NamedTuple

from flax import traverse_util
import numpy as np

from lsl_jax import evaluation, report
from lsl_jax.pipeline import scripting
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.settings import defaults

# By seed, one number a draw.
BySeed = Mapping[int, np.ndarray]


class Measured(NamedTuple):
  """One run.

  Attributes:
    accuracies: fractions, one a draw, `[T]`, by `LEARNER/SPLIT/METRIC` and
      number of shots. Of a learner that trains, the end of its curve; the
      beginning goes by `LEARNER_start/SPLIT/METRIC`.
    curves: of learners that train, as stages/trained_learners.py writes
      them.
    config: the run's.
    draws_hash: the same for runs that drew the same support sets.
  """

  accuracies: dict[tuple[str, int], np.ndarray]
  curves: list[dict[str, Any]]
  config: dict[str, Any]
  draws_hash: str


class Estimate(NamedTuple):
  """A mean and its 95 % interval.

  Attributes:
    mean: over draws, then over seeds.
    half_width: of the interval; NaN where there is but one number.
    seeds: how many there are.
    draws: of each seed, the fewest.
  """

  mean: float
  half_width: float
  seeds: int
  draws: int

  @property
  def source(self) -> str:
    """What the interval is over, in words."""
    draws = f'{self.draws} draw' + ('s' if self.draws != 1 else '')
    if self.seeds > 1:
      return f'{self.seeds} seeds, {draws} each'
    return f'{draws} of one seed'


def estimate(by_seed: BySeed) -> Estimate:
  """Combines draws and seeds, see `evaluation.over_seeds`.

  Args:
    by_seed: one number a draw, `[T]`, by seed; at least one seed.

  Returns:
    Mean and interval, in the numbers' unit.

  >>> estimate({0: np.array([1.0, 3.0]), 1: np.array([5.0, 7.0])}).mean
  4.0
  """
  mean, half_width = evaluation.over_seeds(list(by_seed.values()))
  fewest = min(len(draws) for draws in by_seed.values())
  return Estimate(mean, half_width, len(by_seed), fewest)


def read(folder: str) -> Measured | None:
  """Reads a finished run; None where there is none."""
  if not scripting.is_finished(folder):
    return None
  metadata = report.results.read(folder)['metadata']
  accuracies: dict[tuple[str, int], np.ndarray] = {}
  trials = os.path.join(folder, 'trials.npz')
  if os.path.exists(trials):
    with np.load(trials, allow_pickle=False) as file:
      for name, values in file.items():
        for shots, column in zip(
            metadata['config']['evaluation']['shots'], values.T, strict=True
        ):
          accuracies[name, shots] = column.astype(np.float64)
  curves = []
  pattern = os.path.join(glob.escape(folder), 'trained', '*', 'outcome.json')
  for path in sorted(glob.glob(pattern)):
    with open(path, encoding='utf-8') as file:
      curves.append(json.load(file))
  curves.sort(key=lambda curve: curve['draw'])
  ends: dict[tuple[str, int], list[float]] = {}
  for curve in curves:
    for metric, points in curve['accuracy'].items():
      for name, point in (('', points[-1]), ('_start', points[0])):
        key = (f'{curve["learner"]}{name}/{metric}', curve['shots'])
        ends.setdefault(key, []).append(point)
  accuracies |= {key: np.array(values) for key, values in ends.items()}
  return Measured(
      accuracies, curves, metadata['config'], metadata['draws_hash']
  )


def by_seed(
    seeds: Mapping[int, Measured | None], name: str, shots: int
) -> dict[int, np.ndarray]:
  """One name's numbers, of the seeds that have them."""
  return {
      seed: measured.accuracies[name, shots]
      for seed, measured in seeds.items()
      if measured is not None and (name, shots) in measured.accuracies
  }


def rows(seeds: Mapping[int, Measured | None]) -> list[dict[str, Any]]:
  """Rows of results over all seeds, as lsl_jax.report takes them."""
  result = []
  for name, shots in keys(seeds.values()):
    learner, split, metric = name.split('/')
    if learner not in registry.LEARNERS:
      continue
    found = estimate(by_seed(seeds, name, shots))
    result.append(
        {
            'method': registry.LEARNERS[learner].title,
            'learner': learner,
            'shots': shots,
            'split': split,
            'metric': metric,
            'mean': found.mean,
            'half_width': (
                None if np.isnan(found.half_width) else found.half_width
            ),
            'seeds': found.seeds,
            'draws': found.draws,
        }
    )
  return result


def keys(measured: Iterable[Measured | None]) -> list[tuple[str, int]]:
  """Every name and number of shots of some runs, each once."""
  found = [m.accuracies for m in measured if m is not None]
  return list(dict.fromkeys(key for one in found for key in one))


def check_same_config(name: str, by_seed: Mapping[int, Measured]) -> None:
  """Refuses runs that differ in more than the seed.

  Raises:
    ValueError: two do; names the keys.
  """
  own = ('seed', *defaults.MAY_DIFFER)
  flat = {
      seed: {
          key: value
          for key, value in traverse_util.flatten_dict(
              run.config, sep='.', keep_empty_nodes=True
          ).items()
          if key not in own
      }
      for seed, run in by_seed.items()
  }
  first, *others = flat
  for other in others:
    differing = sorted(
        key
        for key in {*flat[first], *flat[other]}
        if flat[first].get(key) != flat[other].get(key)
    )
    if differing:
      raise ValueError(
          f'{name}: the runs of seeds {first} and {other} differ in more than'
          f' the seed: {", ".join(differing)}'
      )
