"""Tables of numbers whose rows have names, from `.npz` files."""

from collections.abc import Sequence
import pathlib

import numpy as np

from lsl_jax.data.reading import npz_members
from lsl_jax.data.words import class_words


def read(
    path: str | pathlib.Path, names: str, values: str
) -> tuple[list[str], np.ndarray]:
  """Reads names and one row of numbers for each.

  Args:
    path: of an .npz file.
    names: key of `[n]` strings.
    values: key of `[n, V]` numbers.

  Returns:
    The names, and `[n, V]` float32.

  Raises:
    FileNotFoundError: there is no such file.
    ValueError: it is damaged, lacks a key, or holds something else there; the
      message names file and key.
  """
  path = pathlib.Path(path)

  def check(path, keys):
    lacking = [key for key in (names, values) if key not in keys]
    if lacking:
      raise ValueError(
          f'{path}: it has no key {", ".join(map(repr, lacking))}; its keys are'
          f' {", ".join(keys)}'
      )

  arrays = npz_members.read(
      path, (names, values), what='file of semantics', check=check
  )
  found, table = arrays[names], arrays[values]
  if found.ndim != 1 or found.dtype.kind != 'U':
    raise ValueError(
        f'{path}: {names} must be [n] strings, got {found.dtype} of shape'
        f' {found.shape}'
    )
  if table.ndim != 2 or table.dtype.kind not in 'fiub':
    raise ValueError(
        f'{path}: {values} must be [n, V] numbers, got {table.dtype} of shape'
        f' {table.shape}'
    )
  if len(found) != len(table):
    raise ValueError(
        f'{path}: there are {len(found)} {names}, but {len(table)} rows of'
        f' {values}'
    )
  table = table.astype(np.float32)
  if not np.isfinite(table).all():
    row = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0])
    raise ValueError(f'{path}: {values} of {found[row]!r} are not finite')
  return found.tolist(), table


def rows_of(
    class_names: Sequence[str],
    names: Sequence[str],
    values: np.ndarray,
    *,
    unknown: str = 'error',
    where: str = 'the table',
) -> np.ndarray:
  """The row of each class; names may differ in case and in what divides words.

  Args:
    class_names: C names.
    names: of the rows, n.
    values: `[n, V]`.
    unknown: see `class_words.class_vectors`.
    where: what the table is called in messages.

  Returns:
    `[C, V]` float32.

  Raises:
    ValueError: classes that are not there, or there more than once, by name.
  """
  class_words.check_unknown(unknown)
  places: dict[tuple[str, ...], list[int]] = {}
  for row, name in enumerate(names):
    places.setdefault(tuple(class_words.words(name)), []).append(row)
  result, missing = np.zeros((len(class_names), values.shape[1])), []
  for row, name in enumerate(class_names):
    found = places.get(tuple(class_words.words(name)), [])
    if len(found) > 1:
      raise ValueError(
          f'{where} has {len(found)} rows of the name {name!r}; take names'
          ' of which there is one each'
      )
    if found:
      result[row] = values[found[0]]
    else:
      missing.append(name)
  class_words.report_missing(missing, unknown, where)
  return result.astype(np.float32)
