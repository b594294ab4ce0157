"""Recipes as data: reading a mapping of settings and refusing wrong names."""

from collections.abc import Collection, Mapping
from typing import Any


def read(
    spec: Any,
    what: str,
    *,
    required: Collection[str],
    defaults: Mapping[str, Any],
) -> dict[str, Any]:
  """Completes a recipe with its defaults.

  Args:
    spec: a mapping, or any object whose attributes are the settings.
    what: the recipe's name in error messages.
    required: the settings that have no default.
    defaults: the other settings and their values.

  Returns:
    Every setting by name.

  Raises:
    ValueError: a setting is missing or unknown; the message says which ones
      there are.
  """
  given = mapping(spec)
  valid = f'Valid settings: {", ".join(sorted({*required, *defaults}))}.'
  unknown = sorted(set(given) - set(required) - set(defaults))
  if unknown:
    raise ValueError(f'{what} has no setting {", ".join(unknown)}. {valid}')
  missing = sorted(set(required) - set(given))
  if missing:
    raise ValueError(f'{what} needs {", ".join(missing)}. {valid}')
  return {**defaults, **given}


def choose(options: Mapping[str, Any], name: str, what: str) -> Any:
  """Looks a name up, and names the valid ones where it is none of them."""
  if name not in options:
    raise ValueError(
        f'Unknown {what} {name!r}. Valid: {", ".join(sorted(options))}.'
    )
  return options[name]


def mapping(spec: Any) -> dict[str, Any]:
  """A plain dictionary of a mapping's items or of an object's attributes."""
  if hasattr(spec, 'keys'):
    return {key: spec[key] for key in spec.keys()}  # noqa: SIM118
  return dict(vars(spec))
