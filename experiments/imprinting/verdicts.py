"""Whether a measured difference bears a claim out."""

import math
from typing import NamedTuple

import measured

from lsl_jax import evaluation


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

  See `evaluation.verdict`.

  Args:
    claim: about the difference.
    estimate: of the difference, in points.

  Returns:
    'holds', 'does not hold' or 'undecided'.

  >>> decide(LITTLE, measured.Estimate(0.5, 1.0, seeds=3, draws=10))
  'holds'
  >>> decide(ABOVE, measured.Estimate(0.5, 1.0, seeds=3, draws=10))
  'undecided'
  """
  return evaluation.verdict(
      estimate.mean,
      estimate.half_width,
      above=-claim.limit if claim.within else claim.limit,
      below=claim.limit if claim.within else math.inf,
  )
