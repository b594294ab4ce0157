"""Specifications: a mapping, an ml_collections ConfigDict or any plain object.

A part of the configuration reaches this package in one of these three forms.
Read here, none of them needs its library to be imported.
"""

from collections.abc import Iterable, Mapping
import difflib
from typing import Any


def as_dict(spec: Any) -> dict[str, Any]:
  """The fields of a specification as a new dictionary.

  Args:
    spec: a mapping, an object with `to_dict()` (a ConfigDict has it), or an
      object with attributes.

  Returns:
    A dictionary of its fields; attributes that start with `_` are left out.

  Raises:
    TypeError: `spec` is none of these.

  >>> as_dict({'name': 'npz', 'seed': 1})
  {'name': 'npz', 'seed': 1}
  """
  if isinstance(spec, Mapping):
    return dict(spec)
  if callable(getattr(spec, 'to_dict', None)):
    return dict(spec.to_dict())
  if hasattr(spec, '__dict__'):
    return {k: v for k, v in vars(spec).items() if not k.startswith('_')}
  raise TypeError(
      'a specification is a mapping or an object with attributes, not'
      f' {type(spec).__name__}: {spec!r}'
  )


def choices(name: Any, valid: Iterable[Any], *, limit: int = 20) -> str:
  """The end of an error message: the valid names and the nearest one.

  >>> choices('cifar_sf', ['cub', 'cifar_fs'])
  "did you mean 'cifar_fs'? The valid ones are: cub, cifar_fs"
  """
  names = [str(v) for v in valid]
  near = difflib.get_close_matches(str(name), names, n=1)
  listed = ', '.join(names[:limit])
  if len(names) > limit:
    listed += f', ... ({len(names)} in all)'
  guess = f'did you mean {near[0]!r}? ' if near else ''
  return (
      f'{guess}{"The" if guess else "the"} valid ones are: {listed or "none"}'
  )
