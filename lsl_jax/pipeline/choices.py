"""A name among those that there are, a number where it may be."""

from collections.abc import Mapping
import math
from typing import Any


def choose(options: Mapping[str, Any], name: str, what: str) -> Any:
  """An entry by name.

  Raises:
    ValueError: for a name that is not there; lists those that are.
  """
  if name not in options:
    raise ValueError(
        f'unknown {what} {name!r}; valid ones: {", ".join(sorted(options))}'
    )
  return options[name]


def within(
    config: Any,
    key: str,
    least: float,
    most: float = math.inf,
    *,
    above: bool = False,
) -> None:
  """Refuses a number, or one of several, that is out of range.

  Args:
    config: the whole config.
    key: dotted name of the number or numbers.
    least: the smallest one.
    most: the largest one.
    above: whether the smallest one is already too small.

  Raises:
    ValueError: says which key, the value, and what is accepted.

  >>> within({'probability': 1.5}, 'probability', 0, 1)
  Traceback (most recent call last):
  ValueError: probability must be from 0 to 1, not 1.5
  """
  value = config
  for name in key.split('.'):
    value = value[name]
  values = value if isinstance(value, tuple | list) else (value,)
  if all((least < x if above else least <= x) and x <= most for x in values):
    return
  if math.isfinite(most):
    accepted = f'from {least} to {most}'
  else:
    accepted = f'{"above" if above else "at least"} {least}'
  raise ValueError(f'{key} must be {accepted}, not {value}')
