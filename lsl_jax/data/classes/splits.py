"""Class splits: which classes are base, validation and novel.

A split is given by the name of a shipped list, by a JSON file, or by a mapping
with the same content as such a file:

* lists of class names, of indices, or of patterns (`'GREEK *'`):
  `{'base': ['cat', 'dog'], 'novel': ['emu']}`;
* counts, in order of the classes or shuffled by a seed:
  `{'base': 60, 'validation': 20, 'novel': 20, 'seed': 0}`;
* residues of the class index:
  `{'modulus': 4, 'base': [0, 2], 'validation': [1], 'novel': [3]}`;
* the lists of the low-shot benchmark, see `low_shot_lists`.

`validation` may be absent. Classes that no part names are left unused.
"""

from collections.abc import Sequence
from importlib import resources
import json
import os
import pathlib
from typing import Any, NamedTuple

from lsl_jax.data import spec as spec_lib
from lsl_jax.data.classes import low_shot_lists, split_rules

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
  fields = low_shot_lists.as_split(fields, names, where=where) or fields
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
  parts = {
      part: () if fields.get(part) is None else fields[part] for part in PARTS
  }
  if fields.get('modulus') is not None:
    found = split_rules.by_residue(where, parts, fields['modulus'], len(names))
  elif any(split_rules.is_integer(value) for value in parts.values()):
    found = split_rules.by_count(where, parts, fields.get('seed'), len(names))
  else:
    aliases = fields.get('aliases') or {}
    found = split_rules.by_list(where, parts, names, aliases)
  split = ClassSplit(*found)
  _check_disjoint(where, split, names)
  return split


def draw_order(spec: Any, class_names: Sequence[str]) -> tuple[int, ...]:
  """The order in which the draws that belong to a split count the classes.

  Args:
    spec: as for `class_split`; nothing where the data set has its own split.
    class_names: the data set's class names; class i is `class_names[i]`.

  Returns:
    All class indices: in the order of `label_names` if the split is a file that
    has them (see `low_shot_lists`), else ascending.

  Raises:
    ValueError: the data set lacks one of those classes.
    FileNotFoundError: the file does not exist.
  """
  where, fields = _read(spec) if spec else ('', {})
  return low_shot_lists.class_order(fields, class_names, where=where)


def _read(spec: Any) -> tuple[str, dict[str, Any]]:
  """What to call the split in messages, and its fields."""
  if isinstance(spec, os.PathLike) or (
      isinstance(spec, str) and spec.endswith('.json')
  ):
    path = pathlib.Path(spec)
    if not path.is_file():
      raise FileNotFoundError(f'the class split {path} does not exist')
    return f'the class split {path}', parse(path, path.read_bytes())
  if isinstance(spec, str):
    if spec not in shipped():
      raise ValueError(
          f'unknown class split {spec!r}; {spec_lib.choices(spec, shipped())},'
          ' or the path of a .json file'
      )
    file = resources.files('lsl_jax.data').joinpath('splits', f'{spec}.json')
    return f'the class split {spec!r}', json.loads(file.read_text('utf-8'))
  return 'the class split', spec_lib.as_dict(spec)


def parse(path: pathlib.Path, text: str | bytes) -> dict[str, Any]:
  """The fields of a JSON file.

  Args:
    path: of the file, for messages.
    text: what it holds.

  Returns:
    The fields.

  Raises:
    ValueError: it is no JSON, or no object.
  """
  try:
    fields = json.loads(text if isinstance(text, str) else text.decode())
  except (RecursionError, ValueError) as error:
    raise ValueError(f'{path} is not valid JSON: {error}') from error
  if not isinstance(fields, dict):
    raise ValueError(
        f'{path} must hold an object with the keys base, validation and novel,'
        f' not a {type(fields).__name__}'
    )
  return fields


def _check_disjoint(
    where: str, split: ClassSplit, names: tuple[str, ...]
) -> None:
  """No class twice, and at least one."""
  seen: dict[int, str] = {}
  for part, indices in zip(PARTS, split, strict=True):
    for i in indices:
      if i in seen:
        raise ValueError(
            f'{where}: the class {names[i]!r} (index {i}) is in {seen[i]} and'
            f' again in {part}; a class belongs to one part, once'
        )
      seen[i] = part
  if not seen:
    raise ValueError(
        f'{where} names no class; give at least one of {", ".join(PARTS)}'
    )
