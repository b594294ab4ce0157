"""Reads files of PyTorch weights without PyTorch: `.pth` and `.safetensors`.

Three formats are told apart by their first bytes: the zip archive that
`torch.save` writes since version 1.6, the row of pickles that it wrote before,
and safetensors.
"""

from collections.abc import Mapping
import os
import pathlib
import pickle
from typing import Any, IO
import zipfile

import numpy as np

from lsl_jax.models import safetensors_files, torch_unpickler

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001
# Where training programs put the weights beside other things.
_WRAPPERS = ('state_dict', 'model')


def read(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
  """Reads the tensors of a state dictionary.

  Weights wrapped as `{'state_dict': ...}` or `{'model': ...}` are unwrapped,
  and the prefix `module.` that data-parallel training adds is removed.

  Args:
    path: of a `.pth`, `.pt`, `.bin` or `.safetensors` file.

  Returns:
    Arrays by name, in the file's types.

  Raises:
    FileNotFoundError: there is no such file.
    ValueError: the file is of another format, damaged, or holds something other
      than tensors; the message names the file and the reason.
  """
  path = pathlib.Path(path)
  with path.open('rb') as file:
    start = file.read(9)
  if start[:4] == b'PK\x03\x04':
    tensors = _guarded(path, _read_zip)
  elif start[:2] == b'\x80\x02':
    tensors = _guarded(path, _read_legacy)
  elif start[8:] == b'{':
    tensors = safetensors_files.read(path)
  else:
    raise ValueError(f'{path}: neither a file of torch.save nor of safetensors')
  if tensors and all(name.startswith('module.') for name in tensors):
    return {name.removeprefix('module.'): x for name, x in tensors.items()}
  return tensors


def _guarded(path: pathlib.Path, reader: Any) -> dict[str, np.ndarray]:
  """Runs a reader of pickles, whose damage shows in many exceptions."""
  try:
    with path.open('rb') as file:
      return reader(file)
  except (
      ArithmeticError,
      AttributeError,
      EOFError,
      LookupError,
      pickle.UnpicklingError,
      TypeError,
      ValueError,
      zipfile.BadZipFile,
  ) as error:
    raise ValueError(f'{path}: cannot be read as weights: {error}') from error


def _read_zip(file: IO[bytes]) -> dict[str, np.ndarray]:
  with zipfile.ZipFile(file) as archive:
    pickles = [n for n in archive.namelist() if n.endswith('/data.pkl')]
    if len(pickles) != 1:
      raise ValueError('it is an archive that torch.save did not write')
    folder = pickles[0].removesuffix('data.pkl')
    if f'{folder}byteorder' in archive.namelist():
      _check_byteorder(archive.read(f'{folder}byteorder') == b'little')
    with archive.open(pickles[0]) as member:
      tensors = _tensors(torch_unpickler.Unpickler(member).load())
    storages = {tensor.storage for tensor in tensors.values()}
    numbers = {
        storage: np.frombuffer(
            archive.read(f'{folder}data/{storage.key}'), storage.dtype
        )
        for storage in storages
    }
  return {n: t.array(numbers[t.storage]) for n, t in tensors.items()}


def _read_legacy(file: IO[bytes]) -> dict[str, np.ndarray]:
  magic, version, system = (
      torch_unpickler.Unpickler(file).load() for _ in range(3)
  )
  if (magic, version) != (_LEGACY_MAGIC, _LEGACY_VERSION):
    raise ValueError('it is a pickle that torch.save did not write')
  _check_byteorder(system['little_endian'])
  unpickler = torch_unpickler.Unpickler(file)
  tensors = _tensors(unpickler.load())
  numbers = {}
  for key in torch_unpickler.Unpickler(file).load():
    storage = unpickler.storages[key]
    size = int.from_bytes(file.read(8), 'little')
    data = file.read(size * storage.dtype.itemsize)
    numbers[storage] = np.frombuffer(data, storage.dtype, size)
  return {n: t.array(numbers[t.storage]) for n, t in tensors.items()}


def _check_byteorder(is_little: bool) -> None:
  if not is_little:
    raise ValueError('it was written on a big-endian machine')


def _tensors(content: Any) -> dict[str, torch_unpickler.Tensor]:
  """Checks that this is a state dictionary, after unwrapping it."""
  if not isinstance(content, Mapping):
    raise ValueError(f'it holds a {type(content).__name__}, not a dictionary')
  for wrapper in _WRAPPERS:
    if isinstance(content.get(wrapper), Mapping):
      content = content[wrapper]
  for name, value in content.items():
    if not isinstance(name, str):
      raise ValueError(f'entry {name!r} is not named by a string')
    if not isinstance(value, torch_unpickler.Tensor):
      raise ValueError(
          f'entry {name!r} is a {type(value).__name__}, not a tensor'
      )
  return dict(content)
