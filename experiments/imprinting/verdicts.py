"""Whether a measured difference bears a claim out."""

import math
from typing import NamedTuple

import measured

HOLDS = 'holds'
FAILS = 'does not hold'
UNDECIDED = 'undecided'


class Claim(NamedTuple):
  """What is said of a difference, in points of accuracy.

  Attributes:
    within: whether the difference is said to be small, not large.
    limit: more than this, or less than this in either direction.
  """

  within: bool
  limit: float

  def __str__(self) -> str:
    return f'within ± {self.limit:g}' if self.within else f'> {self.limit:g}'


ABOVE = Claim(within=False, limit=0.0)
FAR_ABOVE = Claim(within=False, limit=5.0)
LITTLE = Claim(within=True, limit=2.0)


def decide(claim: Claim, estimate: measured.Estimate) -> str:
  """Holds, does not hold, or the interval leaves it undecided.

  A claim holds where all of the 95 % interval agrees with it, and does not hold
  where none of it does.

  Args:
    claim: about the difference.
    estimate: of the difference, in points.

  Returns:
    `HOLDS`, `FAILS` or `UNDECIDED`, which it also is without an interval.

  >>> decide(LITTLE, measured.Estimate(0.5, 1.0, seeds=3, draws=10))
  'holds'
  >>> decide(ABOVE, measured.Estimate(0.5, 1.0, seeds=3, draws=10))
  'undecided'
  """
  if math.isnan(estimate.half_width):
    return UNDECIDED
  low = estimate.mean - estimate.half_width
  high = estimate.mean + estimate.half_width
  if claim.within:
    if -claim.limit < low and high < claim.limit:
      return HOLDS
    outside = low >= claim.limit or high <= -claim.limit
    return FAILS if outside else UNDECIDED
  if low > claim.limit:
    return HOLDS
  return FAILS if high <= claim.limit else UNDECIDED
