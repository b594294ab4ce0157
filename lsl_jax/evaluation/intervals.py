"""How sure a mean over trials is: standard error and confidence interval."""

import math
import statistics

import numpy as np
from numpy.typing import ArrayLike


def standard_error(values: ArrayLike) -> np.ndarray:
  r"""Standard error of the mean over trials.

  .. math:: s / \sqrt{T}, \quad s^2 = \frac1{T-1} \sum_t (v_t - \bar v)^2

  Args:
    values: :math:`v`, `[T, ...]`, one row a trial, at least one.

  Returns:
    `[...]` float64 in the values' unit; NaN for one trial, of which nothing is
    known, and where a value is NaN.
  """
  values = _trials(values)
  if len(values) == 1:
    return np.full(values.shape[1:], np.nan)
  return np.std(values, axis=0, ddof=1) / math.sqrt(len(values))


def confidence_interval(
    values: ArrayLike, *, level: float = 0.95, method: str = 'normal'
) -> tuple[np.ndarray, np.ndarray]:
  r"""Mean over trials, and half the width of its confidence interval.

  .. math:: \bar v \pm z \, s / \sqrt{T}

  Low-shot papers report the normal quantile, z = 1.96, which is the default. It
  is too narrow for few trials: with T = 5 seeds, it holds the mean in 88 %, not
  95 %, of cases. Student's quantile, z = 2.78 there, is right for normal values
  and any T.

  Args:
    values: :math:`v`, `[T, ...]`, one row a trial, at least one.
    level: the share of cases in which the interval holds the mean, in (0, 1).
    method: 'normal', or 'student' with T - 1 degrees of freedom.

  Returns:
    `(mean, half_width)`, each `[...]` float64 in the values' unit. The
    half-width is NaN for one trial; both are NaN where a value is.

  Raises:
    ValueError: no trial, an unknown method, or a level outside (0, 1).

  >>> mean, half_width = confidence_interval([0.5, 0.7])
  >>> print(f'{mean:.3f} ± {half_width:.3f}')
  0.600 ± 0.196
  """
  values = _trials(values)
  if not 0 < level < 1:
    raise ValueError(f'level must lie between 0 and 1, not {level}')
  if method == 'normal':
    quantile = statistics.NormalDist().inv_cdf((1 + level) / 2)
  elif method == 'student':
    quantile = student_quantile(level, max(len(values) - 1, 1))
  else:
    raise ValueError(
        f"unknown method {method!r}; valid ones: 'normal', 'student'"
    )
  return np.mean(values, axis=0), quantile * standard_error(values)


def proportion_interval(
    successes: int, trials: int, *, level: float = 0.95
) -> tuple[float, float, float]:
  r"""A share of few trials, and its interval after Wilson.

  The interval holds every share p from which the observed one, :math:`\hat p`,
  is less than z of p's own standard errors away,

  .. math:: |\hat p - p| \le z \sqrt{p (1 - p) / n},

  so it stays within 0 .. 1, and is no point where all trials succeed.

  Args:
    successes: how many trials succeeded.
    trials: n, at least 1.
    level: the share of cases in which the interval holds p, about, in (0, 1).

  Returns:
    :math:`\hat p` and the two ends of the interval.

  Raises:
    ValueError: counts or level out of range.

  References:
    Wilson. Probable inference, the law of succession, and statistical
    inference. JASA 1927.

  >>> print('%.3f (%.3f to %.3f)' % proportion_interval(10, 10))
  1.000 (0.722 to 1.000)
  """
  if not 0 < level < 1:
    raise ValueError(f'level must lie between 0 and 1, not {level}')
  if not 0 <= successes <= trials or trials < 1:
    raise ValueError(f'{successes} of {trials} trials is no share')
  square = statistics.NormalDist().inv_cdf((1 + level) / 2) ** 2
  share = successes / trials
  centre = (share + square / (2 * trials)) / (1 + square / trials)
  half = math.sqrt(
      square * (share * (1 - share) + square / (4 * trials)) / trials
  ) / (1 + square / trials)
  return share, max(0.0, centre - half), min(1.0, centre + half)


def student_quantile(level: float, degrees: int) -> float:
  r"""The t between whose negative and itself a share of the values lies.

  For whole degrees of freedom that share is a finite sum (Abramowitz & Stegun,
  26.7.3 and 26.7.4), which is inverted by bisection. With
  :math:`\theta = \arctan(t / \sqrt\nu)` it is, for even :math:`\nu`,

  .. math:: \sin\theta \Big(1 + \tfrac12 \cos^2\theta + \dots +
      \tfrac{1 \cdot 3 \cdots (\nu-3)}{2 \cdot 4 \cdots (\nu-2)}
      \cos^{\nu-2}\theta\Big)

  and for odd :math:`\nu`, :math:`2/\pi` times

  .. math:: \theta + \sin\theta \Big(\cos\theta + \tfrac23 \cos^3\theta + \dots
      + \tfrac{2 \cdot 4 \cdots (\nu-3)}{3 \cdot 5 \cdots (\nu-2)}
      \cos^{\nu-2}\theta\Big).

  Args:
    level: the share, in (0, 1).
    degrees: degrees of freedom :math:`\nu`, at least 1.

  Returns:
    t.

  >>> print(f'{student_quantile(0.95, 4):.3f}')
  2.776
  """
  odd = degrees % 2
  steps = np.arange(2 + odd, degrees - 1, 2)
  factors = np.cumprod(np.concatenate([[1.0], (steps - 1) / steps]))
  powers = np.arange(odd, degrees - 1, 2)

  def share(theta):
    series = factors[: len(powers)] @ np.cos(theta) ** powers
    if odd:
      return 2 / math.pi * (theta + math.sin(theta) * series)
    return math.sin(theta) * series

  low, high = 0.0, math.pi / 2
  for _ in range(60):
    middle = (low + high) / 2
    low, high = (middle, high) if share(middle) < level else (low, middle)
  return math.sqrt(degrees) * math.tan((low + high) / 2)


def _trials(values: ArrayLike) -> np.ndarray:
  values = np.asarray(values, np.float64)
  if values.ndim == 0 or len(values) == 0:
    raise ValueError(
        f'values of shape {values.shape} hold no trial; give [T, ...], T > 0'
    )
  return values
