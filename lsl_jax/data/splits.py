"""Class splits: which classes are base, validation and novel.

A split is given by the name of a shipped list, by a JSON file, or by a mapping
with the same content as such a file:

* lists of class names, of indices, or of patterns (`'GREEK *'`):
  `{'base': ['cat', 'dog'], 'novel': ['emu']}`;
* counts, in order of the classes or shuffled by a seed:
  `{'base': 60, 'validation': 20, 'novel': 20, 'seed': 0}`;
* residues of the class index:
  `{'modulus': 4, 'base': [0, 2], 'validation': [1], 'novel': [3]}`.

`validation` may be absent. Classes that no part names are left unused.
"""

from collections.abc import Mapping, Sequence
import fnmatch
from importlib import resources
import json
import operator
import os
import pathlib
from typing import Any, NamedTuple

import numpy as np

from lsl_jax.data import spec as spec_lib

PARTS = ('base', 'validation', 'novel')
_KEYS = (*PARTS, 'seed', 'modulus', 'num_classes', 'aliases', 'source')


class ClassSplit(NamedTuple):
  """Which classes are learned in phase 1, tuned on, and met only in phase 2.

  Attributes:
    base: class indices, in the order of the base classifier's rows.
    validation: class indices for choosing hyper-parameters; may be empty.
    novel: class indices, in the order of the novel classifier's rows.
  """

  base: tuple[int, ...]
  validation: tuple[int, ...]
  novel: tuple[int, ...]


def shipped() -> tuple[str, ...]:
  """The names of the class splits that come with the package."""
  files = resources.files('lsl_jax.data').joinpath('splits').iterdir()
  return tuple(
      sorted(f.name[: -len('.json')] for f in files if f.name.endswith('.json'))
  )


def class_split(spec: Any, class_names: Sequence[str]) -> ClassSplit:
  """Resolves a split against the classes of a data set.

  Args:
    spec: a shipped name, the path of a `.json` file, or a mapping (or object
      with attributes) in one of the forms at the top of this file.
    class_names: the data set's class names; class i is `class_names[i]`.

  Returns:
    The class indices of the three parts, disjoint.

  Raises:
    ValueError: an unknown name, class or key, an index out of range, a class
      named twice, too few classes, or a split without any class; the message
      names the culprit and what is accepted.
    FileNotFoundError: the file does not exist.

  >>> class_split({'base': ['ant', 'cat'], 'novel': [1]}, ('ant', 'bee', 'cat'))
  ClassSplit(base=(0, 2), validation=(), novel=(1,))
  """
  where, fields = _read(spec)
  names = tuple(str(name) for name in class_names)
  if unknown := [key for key in fields if key not in _KEYS]:
    raise ValueError(
        f'{where} has the unknown key {unknown[0]!r};'
        f' {spec_lib.choices(unknown[0], _KEYS)}'
    )
  expected = fields.get('num_classes')
  if expected is not None and expected != len(names):
    raise ValueError(
        f'{where} is for {expected} classes, the data set has {len(names)}'
    )
  values = {
      part: () if fields.get(part) is None else fields[part] for part in PARTS
  }
  if fields.get('modulus') is not None:
    split = _by_residue(where, values, int(fields['modulus']), len(names))
  elif any(isinstance(v, (int, np.integer)) for v in values.values()):
    split = _by_count(where, values, fields.get('seed'), len(names))
  else:
    aliases = fields.get('aliases') or {}
    split = ClassSplit(*(
        _by_list(f'{where}, {part}', values[part], names, aliases)
        for part in PARTS
    ))
  _check_disjoint(where, split, names)
  return split


def _read(spec: Any) -> tuple[str, dict[str, Any]]:
  """What to call the split in messages, and its fields."""
  if isinstance(spec, os.PathLike) or (
      isinstance(spec, str) and spec.endswith('.json')
  ):
    path = pathlib.Path(spec)
    if not path.is_file():
      raise FileNotFoundError(f'the class split {path} does not exist')
    return f'the class split {path}', _parse(path, path.read_text('utf-8'))
  if isinstance(spec, str):
    if spec not in shipped():
      raise ValueError(
          f'unknown class split {spec!r}; {spec_lib.choices(spec, shipped())},'
          ' or the path of a .json file'
      )
    file = resources.files('lsl_jax.data').joinpath('splits', f'{spec}.json')
    return f'the class split {spec!r}', json.loads(file.read_text('utf-8'))
  return 'the class split', spec_lib.as_dict(spec)


def _parse(path: pathlib.Path, text: str) -> dict[str, Any]:
  """The fields of a JSON file."""
  try:
    fields = json.loads(text)
  except json.JSONDecodeError as error:
    raise ValueError(f'{path} is not valid JSON: {error}') from error
  if not isinstance(fields, dict):
    raise ValueError(
        f'{path} must hold an object with the keys base, validation and novel,'
        f' not a {type(fields).__name__}'
    )
  return fields


def _by_residue(
    where: str, values: dict[str, Any], modulus: int, num_classes: int
) -> ClassSplit:
  """Class i belongs to the part that lists i modulo `modulus`."""
  if modulus < 1:
    raise ValueError(f'{where}: modulus must be at least 1, got {modulus}')
  for part, residues in values.items():
    if isinstance(residues, (int, np.integer)):
      raise ValueError(
          f'{where}, {part}: with a modulus each part is a list of residues,'
          f' got {residues!r}'
      )
    for r in residues:
      if not 0 <= r < modulus:
        raise ValueError(
            f'{where}, {part}: the residue {r} is not in 0..{modulus - 1}'
        )
  return ClassSplit(*(
      tuple(i for i in range(num_classes) if i % modulus in values[part])
      for part in PARTS
  ))


def _by_count(
    where: str, values: dict[str, Any], seed: int | None, num_classes: int
) -> ClassSplit:
  """The first classes are base, the next validation, the next novel."""
  counts = []
  for part in PARTS:
    value = 0 if isinstance(values[part], tuple) else values[part]
    if not isinstance(value, (int, np.integer)) or value < 0:
      raise ValueError(
          f'{where}, {part}: where one part is a count all are, got {value!r}'
      )
    counts.append(int(value))
  if sum(counts) > num_classes:
    raise ValueError(
        f'{where} asks for {" + ".join(map(str, counts))} = {sum(counts)}'
        f' classes, the data set has {num_classes}'
    )
  order = np.arange(num_classes)
  if seed is not None:
    order = np.random.default_rng(seed).permutation(num_classes)
  ends = np.cumsum(counts)
  starts = ends - counts
  return ClassSplit(*(
      tuple(sorted(int(c) for c in order[start:end]))
      for start, end in zip(starts, ends, strict=True)
  ))


def _by_list(
    where: str,
    entries: Sequence[Any],
    names: tuple[str, ...],
    aliases: Mapping[str, str],
) -> tuple[int, ...]:
  """Names, patterns and indices as indices."""
  if isinstance(entries, str) or not isinstance(entries, Sequence):
    raise ValueError(
        f'{where}: a list of class names or indices or a count is needed, got'
        f' {entries!r}'
    )
  position = {name: i for i, name in enumerate(names)}
  indices: list[int] = []
  for entry in entries:
    if not isinstance(entry, str):
      indices.append(_index(where, entry, len(names)))
    elif entry in position:
      indices.append(position[entry])
    elif aliases.get(entry) in position:
      indices.append(position[aliases[entry]])
    else:
      matches = (
          [i for i, n in enumerate(names) if fnmatch.fnmatchcase(n, entry)]
          if any(c in entry for c in '*?[')
          else []
      )
      if not matches:
        raise ValueError(
            f'{where}: the data set has no class {entry!r};'
            f' {spec_lib.choices(entry, names)}'
        )
      indices.extend(matches)
  return tuple(indices)


def _index(where: str, entry: Any, num_classes: int) -> int:
  """An entry that is not a name, as a class index in range."""
  try:
    index = operator.index(entry)
  except TypeError as error:
    raise ValueError(
        f'{where}: {entry!r} is neither a class name nor an index'
    ) from error
  if not 0 <= index < num_classes:
    raise ValueError(
        f'{where}: the class index {index} is not in 0..{num_classes - 1}'
    )
  return index


def _check_disjoint(
    where: str, split: ClassSplit, names: tuple[str, ...]
) -> None:
  """No class twice, and at least one."""
  seen: dict[int, str] = {}
  for part, indices in zip(PARTS, split, strict=True):
    for i in indices:
      if i in seen:
        both = f'twice in {part}' if seen[i] == part else f'in {seen[i]} and'
        tail = '' if seen[i] == part else f' in {part}'
        raise ValueError(
            f'{where}: the class {names[i]!r} (index {i}) is {both}{tail};'
            ' a class belongs to one part only'
        )
      seen[i] = part
  if not seen:
    raise ValueError(
        f'{where} names no class; give at least one of {", ".join(PARTS)}'
    )
