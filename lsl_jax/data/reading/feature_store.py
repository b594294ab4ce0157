"""Features of a data set's images on disk: memory-mapped, filled row by row.

A folder holds `features.npy`, one row an image; `checks.npy`, a checksum of
every row that has been written; and `about.json`, which says what they are.
Rows are written once, in any order. A program that is stopped leaves what it
has written; a row that does not fit its checksum counts as missing.
"""

from collections.abc import Sequence
import json
import os
import pathlib
from typing import Any
import zlib

import numpy as np

TYPES = ('float32', 'float16')
_ABSENT = -1


class FeatureStore:
  """Rows of features about one thing, such as one network and its images.

  Args:
    folder: where the files are or will be.
    about: a short text on which the features depend, such as a hash of the
      network; files about something else are begun anew.
    num_rows: M, how many rows there may be.
    dtype: on disk, a name of `TYPES`; rows are read as float32 in any case.

  Raises:
    ValueError: another type.
  """

  def __init__(
      self,
      folder: str | os.PathLike[str],
      about: str,
      num_rows: int,
      *,
      dtype: str = 'float32',
  ):
    if dtype not in TYPES:
      raise ValueError(
          f'features can be stored as {" or ".join(TYPES)}, not {dtype!r}'
      )
    self._folder = pathlib.Path(folder)
    self._about = {'about': about, 'rows': num_rows, 'dtype': dtype}
    self._features: np.ndarray | None = None
    self._checks: np.ndarray | None = None
    self._open()

  def missing(self, indices: np.ndarray) -> np.ndarray:
    """Those of some rows that are not there, or damaged.

    Args:
      indices: `[m]` int rows.

    Returns:
      The rows to write, in their order.
    """
    indices = np.asarray(indices)
    if self._features is None or self._checks is None:
      return indices
    checks = self._checks[indices]
    good = checks != _ABSENT
    # Rows in order of the file, so that it is read once from end to end.
    for place in np.argsort(indices):
      if good[place]:
        good[place] = checks[place] == _check(self._features[indices[place]])
    return indices[~good]

  def write(self, indices: np.ndarray, rows: np.ndarray) -> None:
    """Writes rows and their checksums.

    Args:
      indices: `[m]` int, which rows.
      rows: `[m, ...]` float, all rows of one shape.

    Raises:
      ValueError: the shape is not that of the rows that are there, or a value
        is not finite in the type that is stored.
    """
    if self._features is None:
      self._create(rows.shape[1:])
    assert self._features is not None and self._checks is not None
    if rows.shape[1:] != self._features.shape[1:]:
      raise ValueError(
          f'{self._folder}: rows of shape {self._features.shape[1:]} are there,'
          f' rows of shape {rows.shape[1:]} were to be added'
      )
    with np.errstate(over='ignore'):
      stored = np.ascontiguousarray(rows, self._features.dtype)
    if not np.isfinite(stored).all():
      raise ValueError(
          f'{self._folder}: features are not finite as {stored.dtype}; the'
          f' largest magnitude is {np.max(np.abs(rows))}'
      )
    self._features[indices] = stored
    self._checks[indices] = [_check(row) for row in stored]

  def read(self, indices: np.ndarray) -> np.ndarray:
    """Rows as float32.

    Args:
      indices: `[m]` int rows that have been written.

    Returns:
      `[m, ...]` float32.

    Raises:
      KeyError: a row has not been written.
    """
    indices = np.asarray(indices)
    if self._features is None or self._checks is None:
      raise KeyError(f'{self._folder} holds no features yet')
    absent = indices[self._checks[indices] == _ABSENT]
    if absent.size:
      raise KeyError(f'{self._folder} holds no row {absent[0]} yet')
    return np.asarray(self._features[indices], np.float32)

  def _open(self) -> None:
    try:
      record = json.loads((self._folder / 'about.json').read_text('utf-8'))
      shape = tuple(record.pop('shape'))
      if record != self._about:
        return
      features = np.load(self._folder / 'features.npy', mmap_mode='r+')
      checks = np.load(self._folder / 'checks.npy', mmap_mode='r+')
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ):
      return  # nothing, or nothing usable, is there
    rows, dtype = self._about['rows'], self._about['dtype']
    if (
        features.shape == (rows, *shape)
        and features.dtype == dtype
        and checks.shape == (rows,)
        and checks.dtype == np.int64
    ):
      self._features, self._checks = features, checks

  def _create(self, shape: Sequence[int]) -> None:
    """Empty files; `about.json` comes last and makes them count."""
    self._folder.mkdir(parents=True, exist_ok=True)
    about = self._folder / 'about.json'
    about.unlink(missing_ok=True)
    rows, dtype = self._about['rows'], self._about['dtype']
    # Space that is never written takes none on most file systems.
    self._features = self._begin('features.npy', dtype, (rows, *shape))
    self._checks = self._begin('checks.npy', np.int64, (rows,))
    self._checks[:] = _ABSENT
    partial = about.with_suffix(f'.{os.getpid()}.tmp')
    partial.write_text(
        json.dumps({**self._about, 'shape': list(shape)}), 'utf-8'
    )
    os.replace(partial, about)

  def _begin(self, name: str, dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A new file in the place of an old one, which others may have mapped."""
    partial = self._folder / f'.{name}.{os.getpid()}'
    array = np.lib.format.open_memmap(partial, 'w+', dtype, shape)
    os.replace(partial, self._folder / name)
    return array


def _check(row: Any) -> int:
  """CRC-32 of a row as it is on disk."""
  return zlib.crc32(np.ascontiguousarray(row).tobytes())
