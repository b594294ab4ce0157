"""Class lists of the low-shot benchmark, as its authors distribute them.

A JSON object with `base_classes_1`, `base_classes_2`, `novel_classes_1` and
`novel_classes_2`; the first halves are for tuning. What an entry means:

* With `label_names` beside the lists, as in the authors' label_idx.json, an
  index is a position in `label_names`. Their order is not sorted (ImageNet's
  begins with n01807496), so it is the name that says which class of a data set
  is meant. Indices count from 0, or all of them from 1, as in the copy of the
  file in facebookresearch/low-shot-with-diffusion.
* Without `label_names` an entry is the name of a class, or an index, from 0, in
  the data set's own numbering.

The lists may lie one level deeper, in one object by index and one by name.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.1 and supplement.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lsl_jax.data import spec as spec_lib
from lsl_jax.data.classes import split_rules

_HALVES = (
    'base_classes_1',
    'base_classes_2',
    'novel_classes_1',
    'novel_classes_2',
)


def as_split(
    fields: Mapping[str, Any], class_names: Sequence[str], *, where: str
) -> dict[str, Any] | None:
  """Reads the lists as a class split.

  Args:
    fields: of a JSON file.
    class_names: of the data set.
    where: what to call the file in messages.

  Returns:
    `base` (first half before second), `validation` and `novel`, of names where
    the file has `label_names`; None where the fields are something else. `base`
    begins with `len(base_classes_1)` classes, which is what
    `config.evaluation.first_base` must be.

  Raises:
    ValueError: the lists are damaged, or name classes that the data set lacks;
      names the file and the classes.

  >>> lists = {'base_classes_1': [2], 'base_classes_2': [0],
  ...          'novel_classes_1': [1], 'novel_classes_2': []}
  >>> as_split({**lists, 'label_names': ['c', 'a', 'b']}, 'abc', where='x')
  {'base': ['b', 'c'], 'validation': ['a'], 'novel': []}
  """
  halves = _halves(fields, class_names, where)
  if halves is None:
    return None
  names = label_names(fields, where=where)
  if names is not None:
    indices = [i for half in halves for i in half if split_rules.is_integer(i)]
    start = _start(where, indices, len(names))
    _check_present(where, [names[i - start] for i in indices], class_names)
    halves = [
        [names[e - start] if split_rules.is_integer(e) else e for e in half]
        for half in halves
    ]
  first, second, validation, novel = halves
  return {'base': [*first, *second], 'validation': validation, 'novel': novel}


def class_order(
    fields: Mapping[str, Any], class_names: Sequence[str], *, where: str
) -> tuple[int, ...]:
  """The order in which a file counts the classes, which is that of its draws.

  Args:
    fields: of a JSON file.
    class_names: of the data set.
    where: what to call the file in messages.

  Returns:
    Classes in the data set's numbering: in the order of `label_names`, or from
    the first to the last where there are none.

  Raises:
    ValueError: the data set lacks a class of `label_names`: positions count the
      images of all of them.

  >>> class_order({'label_names': ['c', 'a', 'b']}, 'abc', where='x')
  (2, 0, 1)
  """
  names = label_names(fields, where=where)
  if names is None:
    return tuple(range(len(class_names)))
  _check_present(where, names, class_names)
  index = {name: i for i, name in enumerate(class_names)}
  return tuple(index[name] for name in names)


def label_names(fields: Mapping[str, Any], *, where: str) -> list[str] | None:
  """The names that the file's indices count.

  Args:
    fields: of a JSON file.
    where: what to call the file in messages.

  Returns:
    The names, or None where the file has none.

  Raises:
    ValueError: they are no list of different strings.
  """
  found = [f['label_names'] for f in _levels(fields) if 'label_names' in f]
  if not found:
    return None
  names = found[0]
  if (
      not isinstance(names, list)
      or not all(isinstance(name, str) for name in names)
      or len(set(names)) < len(names)
  ):
    raise ValueError(
        f'{where}: label_names must be a list of class names, all different'
    )
  return names


def _levels(fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
  return [fields, *(f for f in fields.values() if isinstance(f, Mapping))]


def _halves(
    fields: Mapping[str, Any], class_names: Sequence[str], where: str
) -> list[list[Any]] | None:
  """The four lists; those by name where the names are the data set's."""
  found = []
  for level in _levels(fields):
    if not all(half in level for half in _HALVES):
      continue
    for half in _HALVES:
      if not isinstance(level[half], list):
        raise ValueError(f'{where}: {half} must be a list, got {level[half]!r}')
    found.append([level[half] for half in _HALVES])
  if not found:
    return None
  names = set(class_names)
  by_name = [
      halves
      for halves in found
      if all(isinstance(entry, str) and entry in names for entry in halves[0])
  ]
  by_index = [
      halves
      for halves in found
      if all(split_rules.is_integer(entry) for entry in halves[0])
  ]
  return [*by_name, *by_index, *found][0]


def _start(where: str, indices: Sequence[int], count: int) -> int:
  """Whether indices into `count` names count from 0 or from 1."""
  if not indices:
    return 0
  lowest, highest = min(indices), max(indices)
  if lowest == 0 and highest < count:
    return 0
  if lowest > 0 and highest == count:
    return 1
  if lowest > 0 and highest < count:
    raise ValueError(
        f'{where}: its indices are within 1..{count - 1}, so that they may'
        f' count the {count} label_names from 0 or from 1; list names instead'
    )
  raise ValueError(
      f'{where}: its indices are {lowest}..{highest}, accepted are'
      f' 0..{count - 1} or 1..{count}, positions in the {count} label_names'
  )


def _check_present(
    where: str, names: Sequence[str], class_names: Sequence[str]
) -> None:
  """Every name is that of a class of the data set."""
  known = set(class_names)
  absent = [name for name in names if name not in known]
  if absent:
    listed = ', '.join(absent[:5]) + (', ...' if len(absent) > 5 else '')
    raise ValueError(
        f'{where} counts classes by its own label_names, of which the data set'
        f' lacks {len(absent)} ({listed}); it must call its classes as'
        ' label_names does: ImageNet by wnid, as tfds:imagenet2012 and folders'
        ' of images do; features in HDF5, which holds no names, take them from'
        f' data.options.class_names; {spec_lib.choices(absent[0], class_names)}'
    )
