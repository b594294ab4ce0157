"""A name among those that there are."""

from collections.abc import Mapping
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
