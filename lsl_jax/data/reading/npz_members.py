"""Arrays of a `.npz` file that somebody gave us, read without trusting it.

A few kilobytes can claim to be an array of any size, and NumPy reserves what is
claimed. Here a claim must agree with what the archive says of the member, and
that must be a plausible multiple of the bytes that are there.
"""

from collections.abc import Callable, Sequence
import contextlib
import math
import os
import pathlib
from typing import Any
import zipfile

import numpy as np

from lsl_jax.data.reading import bounded_file

FORMAT = 'see docs/data_format.md'

# Images of one colour compress a thousandfold, photographs and drawings do not.
_RATIO = 200
# Below this many bytes a high ratio does no harm.
_HARMLESS = 2**27
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read(
    path: str | os.PathLike[str],
    keys: Sequence[str],
    *,
    what: str,
    check: Callable[[pathlib.Path, Sequence[str]], None],
) -> dict[str, np.ndarray]:
  """Those of some arrays that a file has; others are not even read.

  Args:
    path: of the `.npz` file.
    keys: of the arrays.
    what: the file is, for the message where it is missing.
    check: `(path, keys of the file)` raises ValueError where some are wanting.

  Returns:
    Arrays by key. Nothing is unpickled.

  Raises:
    FileNotFoundError: there is no such file.
    ValueError: it is no `.npz` file, is damaged, or holds pickles; the message
      names the file and the key.
  """
  path = pathlib.Path(path)
  if not path.is_file():
    raise FileNotFoundError(f'the {what} {path} does not exist')
  if not zipfile.is_zipfile(path):
    raise ValueError(
        f'{path} is not a .npz file, or is truncated; write it with'
        f' numpy.savez, {FORMAT}'
    )
  with contextlib.closing(bounded_file.BoundedFile(path)) as opened:
    try:
      file = np.load(opened, allow_pickle=False)
    # A damaged archive makes its reader raise errors of almost any type.
    except Exception as error:
      raise ValueError(f'{path} is damaged ({error}); {FORMAT}') from error
    if not isinstance(file, np.lib.npyio.NpzFile):
      raise ValueError(f'{path} is damaged at its start; {FORMAT}')
    with file:
      check(path, file.files)
      return {key: _array(path, file, key) for key in keys if key in file.files}


def _array(path: pathlib.Path, file: Any, key: str) -> np.ndarray:
  """One array; a pickle is refused."""
  try:
    check_claim(file.zip, key)
    return file[key]
  # NumPy's reader raises errors of almost any type on a damaged header.
  except Exception as error:
    if 'allow_pickle' in str(error):
      raise ValueError(
          f'{path}: the key {key} holds pickled Python objects, which are never'
          ' loaded as they can run code; store a plain array (names as'
          ' numpy.array(names, dtype=str))'
      ) from error
    raise ValueError(f'{path}: the key {key} is damaged ({error})') from error


def check_claim(archive: zipfile.ZipFile, key: str) -> None:
  """Refuses an array whose size is not what the file can hold.

  Args:
    archive: the opened `.npz` file.
    key: of the array.

  Raises:
    ValueError: it claims more than is there, or is compressed as no image is.
    KeyError: there is no such array.
  """
  info = archive.getinfo(f'{key}.npy')
  if info.flag_bits & 1:
    raise ValueError('it is encrypted')
  allowed = max(_HARMLESS, _RATIO * info.compress_size)
  if info.file_size > allowed:
    raise ValueError(
        f'{info.compress_size} bytes claim to unpack to {info.file_size}, more'
        f' than {_RATIO} times as many; images do not compress like that'
    )
  with archive.open(info) as member:
    version = np.lib.format.read_magic(member)
    if version not in _HEADERS:
      raise ValueError(f'its format is version {version}')
    shape, _, dtype = _HEADERS[version](member)
    size = info.file_size - member.tell()
  if dtype.hasobject:
    return  # refused by NumPy, which says so better
  if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != size:
    raise ValueError(
        f'{dtype} of shape {shape} needs other than the {size} bytes there are'
    )
