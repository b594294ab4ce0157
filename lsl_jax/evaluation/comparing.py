"""Which of two methods is better: over seeds, and what an interval decides."""

from collections.abc import Sequence
import math

import numpy as np
from numpy.typing import ArrayLike

from lsl_jax.evaluation import intervals

HOLDS = 'holds'
FAILS = 'does not hold'
UNDECIDED = 'undecided'


def over_seeds(
    values: Sequence[ArrayLike] | np.ndarray,
) -> tuple[float, float]:
  """Mean, and half the width of its 95 % interval, of numbers by seed.

  Each seed gives one number, the mean over its draws or tasks; the interval is
  Student's over these. Whatever a seed decides (initial weights, order of
  batches, draws) differs between them, so that the interval covers all of it.
  With a single seed it is Student's over its draws, and about that one network.

  For a comparison, `values` are differences between methods that learned from
  the same draws.

  Args:
    values: by seed, one number a draw, `[T]`; at least one seed.

  Returns:
    `(mean, half_width)` in the values' unit. The half-width is NaN where there
    is but one number.

  Raises:
    ValueError: no seed, or a seed without a draw.

  >>> print('%.2f ± %.2f' % over_seeds([[1.0, 3.0], [2.0, 4.0], [3.0, 3.0]]))
  2.67 ± 1.43
  """
  rows = [np.asarray(draws, np.float64) for draws in values]
  if not rows or any(row.ndim != 1 or not row.size for row in rows):
    raise ValueError(
        'values must hold at least one seed, each with at least one draw, [T];'
        f' not {[row.shape for row in rows]}'
    )
  numbers = rows[0] if len(rows) == 1 else [row.mean() for row in rows]
  mean, half_width = intervals.confidence_interval(numbers, method='student')
  return float(mean), float(half_width)


def verdict(
    mean: float,
    half_width: float,
    *,
    above: float = 0.0,
    below: float = math.inf,
) -> str:
  """Whether an interval bears out that a quantity lies within bounds.

  Args:
    mean: the middle of the interval.
    half_width: of the interval; NaN where nothing is known of it.
    above: the quantity is said to be above this ...
    below: ... and below this.

  Returns:
    `HOLDS` where all of the interval lies within the bounds, `FAILS` where none
    of it does, else `UNDECIDED`.

  >>> verdict(0.8, 0.3)
  'holds'
  >>> verdict(0.1, 0.3)
  'undecided'
  >>> verdict(0.1, 0.3, above=-1.0, below=1.0)  # "changes little"
  'holds'
  """
  low, high = mean - half_width, mean + half_width
  if low > above and high < below:
    return HOLDS
  return FAILS if high <= above or low >= below else UNDECIDED
