"""The three ways to say which classes a part of a split has.

Each function takes what the split is called in messages, the parts as written,
`{'base': ..., 'validation': ..., 'novel': ...}`, and returns the class indices
of the parts in the same order.
"""

from collections.abc import Mapping, Sequence
import fnmatch
import operator
from typing import Any

import numpy as np

from lsl_jax.data import spec as spec_lib

Parts = tuple[tuple[int, ...], ...]


def is_integer(value: Any) -> bool:
  """Whether a value is a whole number, and no truth value."""
  return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def by_residue(
    where: str, parts: Mapping[str, Any], modulus: int, num_classes: int
) -> Parts:
  """Class i belongs to the part that lists i modulo `modulus`.

  >>> by_residue('x', {'base': [0, 2], 'validation': [1], 'novel': [3]}, 4, 6)
  ((0, 2, 4), (1, 5), (3,))
  """
  if not is_integer(modulus) or modulus < 1:
    raise ValueError(
        f'{where}: modulus must be an integer of at least 1, got {modulus!r}'
    )
  for part, residues in parts.items():
    for residue in _sequence(f'{where}, {part}', residues):
      if not is_integer(residue) or not 0 <= residue < modulus:
        raise ValueError(
            f'{where}, {part}: the residue {residue!r} is not in'
            f' 0..{modulus - 1}'
        )
  return tuple(
      tuple(i for i in range(num_classes) if i % modulus in residues)
      for residues in parts.values()
  )


def by_count(
    where: str, parts: Mapping[str, Any], seed: int | None, num_classes: int
) -> Parts:
  """The first classes are in the first part, the next in the next, and so on.

  With a seed the classes are shuffled first, and each part sorted after.

  >>> by_count('x', {'base': 2, 'validation': 0, 'novel': 1}, None, 4)
  ((0, 1), (), (2,))
  """
  counts = []
  for part, value in parts.items():
    count = value if is_integer(value) or value else 0
    if not is_integer(count) or count < 0:
      raise ValueError(
          f'{where}, {part}: where one part is a count, all of them are; got'
          f' {value!r}'
      )
    counts.append(int(count))
  if sum(counts) > num_classes:
    raise ValueError(
        f'{where} asks for {" + ".join(map(str, counts))} = {sum(counts)}'
        f' classes, the data set has {num_classes}'
    )
  order = np.arange(num_classes)
  if seed is not None:
    if not is_integer(seed) or seed < 0:
      raise ValueError(f'{where}: seed must be a whole number, got {seed!r}')
    order = np.random.default_rng(seed).permutation(num_classes)
  ends = np.cumsum(counts)
  return tuple(
      tuple(sorted(order[end - count : end].tolist()))
      for end, count in zip(ends, counts, strict=True)
  )


def by_list(
    where: str,
    parts: Mapping[str, Any],
    names: Sequence[str],
    aliases: Mapping[str, str],
) -> Parts:
  """Class names, other names for them, patterns and indices as indices.

  >>> names = ('ant', 'bee', 'bear')
  >>> by_list('x', {'base': ['be*'], 'novel': ['Formica']}, names,
  ...         {'Formica': 'ant'})
  ((1, 2), (0,))
  """
  position = {name: i for i, name in enumerate(names)}
  result = []
  for part, entries in parts.items():
    indices: list[int] = []
    for entry in _sequence(f'{where}, {part}', entries):
      if not isinstance(entry, str):
        indices.append(_index(f'{where}, {part}', entry, len(names)))
      elif entry in position:
        indices.append(position[entry])
      elif aliases.get(entry) in position:
        indices.append(position[aliases[entry]])
      else:
        indices.extend(_matches(f'{where}, {part}', entry, names))
    result.append(tuple(indices))
  return tuple(result)


def _sequence(where: str, entries: Any) -> Sequence[Any]:
  """Refuses what is no list."""
  if isinstance(entries, str) or not isinstance(entries, Sequence):
    raise ValueError(
        f'{where}: a list of class names or indices, or a count, is needed; got'
        f' {entries!r}'
    )
  return entries


def _matches(where: str, pattern: str, names: Sequence[str]) -> list[int]:
  """The classes whose names match a pattern; at least one."""
  matches = [
      i
      for i, name in enumerate(names)
      if set(pattern) & set('*?[') and fnmatch.fnmatchcase(name, pattern)
  ]
  if not matches:
    raise ValueError(
        f'{where}: the data set has no class {pattern!r};'
        f' {spec_lib.choices(pattern, names)}'
    )
  return matches


def _index(where: str, entry: Any, num_classes: int) -> int:
  """An entry that is not a name, as a class index in range."""
  if not is_integer(entry):
    raise ValueError(f'{where}: {entry!r} is neither a class name nor an index')
  if not 0 <= entry < num_classes:
    raise ValueError(
        f'{where}: the class index {entry} is not in 0..{num_classes - 1}'
    )
  return operator.index(entry)
