"""The differences that the paper's claims are about, as they were measured."""

from collections.abc import Iterable, Iterator, Mapping
import itertools
from typing import NamedTuple

import measured
import numpy as np
from pairs import INITIALISATION, ON_FEATURES, Pair, PAIRS, Side
import verdicts

# By name of the run, then by seed.
Runs = Mapping[str, Mapping[int, measured.Measured]]
# By number of shots, then by seed: points, one a draw.
_ByShots = dict[int, dict[int, np.ndarray]]
# Where the imprinted initialisation is said to help most, and where less.
_FEW, _MANY = (1, 2), 5


class Difference(NamedTuple):
  """One difference.

  Attributes:
    claim: of the paper.
    comparison: what is subtracted from what.
    shots: n, in words.
    by_seed: differences in points, one a draw, by seed.
    paper: the paper's difference, where it gives both numbers.
    claimed: what is said of the difference.
  """

  claim: str
  comparison: str
  shots: str
  by_seed: Mapping[int, np.ndarray]
  paper: float | None
  claimed: verdicts.Claim


def find(runs: Runs) -> list[Difference]:
  """Every difference of which both sides have been measured.

  Args:
    runs: the finished runs.

  Returns:
    The differences, those of a claim together.

  Raises:
    ValueError: runs that are compared drew different support sets.
  """
  found = list(_more_shots(runs))
  for pair in PAIRS:
    by_shots = _by_shots(runs, pair)
    found += [
        Difference(
            pair.claim,
            pair.comparison,
            str(shots),
            by_seed,
            _minus(pair.first.percent(shots), pair.second.percent(shots)),
            pair.claimed,
        )
        for shots, by_seed in sorted(by_shots.items())
    ]
    if pair.claim == INITIALISATION:
      found += _most_at_few(pair, by_shots)
  # The second kind comes from the same pairs as the first: bring it together.
  order = list(dict.fromkeys(difference.claim for difference in found))
  return sorted(found, key=lambda difference: order.index(difference.claim))


def _by_shots(runs: Runs, pair: Pair) -> _ByShots:
  """First minus second in points, draw by draw."""
  result: _ByShots = {}
  there = runs.get(pair.second.run, {})
  for seed, first in runs.get(pair.first.run, {}).items():
    if seed not in there:
      continue
    second = there[seed]
    if first.draws_hash != second.draws_hash:
      raise ValueError(
          f'seed {seed}: {pair.first.run} and {pair.second.run} drew different'
          ' support sets, so their draws cannot be compared one by one; give'
          ' both the same evaluation.shots, draws and trained_draws'
      )
    for name, shots in first.accuracies:
      other = second.accuracies.get((pair.second.name, shots))
      wanted = name == pair.first.name and shots >= pair.least_shots
      if wanted and other is not None:
        difference = first.accuracies[name, shots] - other
        result.setdefault(shots, {})[seed] = 100 * difference
  return result


def _more_shots(runs: Runs) -> Iterator[Difference]:
  """Imprinting: n shots minus the next smaller number; draws are nested."""
  for run, split in ON_FEATURES:
    side = Side(run, 'imprint', split)
    get = lambda one, n, name=side.name: one.accuracies[name, n]
    shots = {n for one in runs.get(run, {}).values() for _, n in one.accuracies}
    for fewer, more in itertools.pairwise(sorted(shots)):
      yield Difference(
          'more shots help',
          f'{side.title}, {side.where}',
          f'{fewer} → {more}',
          {
              seed: 100 * (get(one, more) - get(one, fewer))
              for seed, one in runs[run].items()
          },
          _minus(side.percent(more), side.percent(fewer)),
          verdicts.ABOVE,
      )


def _most_at_few(pair: Pair, by_shots: _ByShots) -> Iterator[Difference]:
  """The gain at one and two shots minus that at five and more."""
  few = [n for n in by_shots if n in _FEW]
  many = [n for n in by_shots if n >= _MANY]
  if not few or not many:
    return
  mean = lambda shots, seed: np.mean([by_shots[n][seed] for n in shots], axis=0)
  seeds = set.intersection(*(set(by_seed) for by_seed in by_shots.values()))
  gains = {
      n: _minus(pair.first.percent(n), pair.second.percent(n))
      for n in (*few, *many)
  }
  yield Difference(
      f'{INITIALISATION}, most at 1 and 2 shots',
      pair.comparison,
      f'{_listed(few)} against {_listed(many)}',
      {seed: mean(few, seed) - mean(many, seed) for seed in sorted(seeds)},
      _minus(_mean(gains[n] for n in few), _mean(gains[n] for n in many)),
      verdicts.ABOVE,
  )


def _minus(first: float | None, second: float | None) -> float | None:
  return None if first is None or second is None else first - second


def _mean(values: Iterable[float | None]) -> float | None:
  values = list(values)
  known = [value for value in values if value is not None]
  return sum(known) / len(known) if len(known) == len(values) else None


def _listed(shots: list[int]) -> str:
  return ', '.join(map(str, sorted(shots)))
