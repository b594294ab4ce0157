"""Reads files of PyTorch weights without PyTorch: `.pth` and `.safetensors`.

Three formats are told apart by their first bytes: the zip archive that
`torch.save` writes since version 1.6, the row of pickles that it wrote before,
and safetensors.
"""

from collections.abc import Mapping
import io
import os
import pathlib
from typing import Any
import zipfile

import numpy as np

from lsl_jax.models import safetensors_files, torch_unpickler

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001
_LARGEST_PICKLE = 2**26
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
    # In memory, where reading gives no more than there is: a file on disk
    # first reserves what is asked for, which may be what a damaged one says.
    return reader(io.BytesIO(path.read_bytes()))
  # A hostile pickle can make its reader raise errors of almost any type.
  except Exception as error:
    raise ValueError(f'{path}: cannot be read as weights: {error}') from error


def _read_zip(file: io.BytesIO) -> dict[str, np.ndarray]:
  with zipfile.ZipFile(file) as archive:
    pickles = [n for n in archive.namelist() if n.endswith('/data.pkl')]
    if len(pickles) != 1:
      raise ValueError('it is an archive that torch.save did not write')
    folder = pickles[0].removesuffix('data.pkl')
    if f'{folder}byteorder' in archive.namelist():
      with archive.open(f'{folder}byteorder') as member:
        _check_byteorder(member.read(10) == b'little')
    if archive.getinfo(pickles[0]).file_size > _LARGEST_PICKLE:
      raise ValueError('its description of tensors is too large')
    content = io.BytesIO(archive.read(pickles[0]))
    tensors = _tensors(torch_unpickler.Unpickler(content).load())
    storages = {tensor.storage for tensor in tensors.values()}
    numbers = {
        storage: np.frombuffer(
            _member(archive, f'{folder}data/{storage.key}', storage),
            storage.dtype,
        )
        for storage in storages
    }
  return {n: t.array(numbers[t.storage]) for n, t in tensors.items()}


def _member(
    archive: zipfile.ZipFile, name: str, storage: torch_unpickler.Storage
) -> bytes:
  """A storage's bytes, once it is sure that they are as many as it says."""
  size = archive.getinfo(name).file_size
  if size != storage.size * storage.dtype.itemsize:
    raise ValueError(
        f'storage {storage.key!r} of {storage.size} numbers has {size} bytes'
    )
  return archive.read(name)


def _read_legacy(file: io.BytesIO) -> dict[str, np.ndarray]:
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
    if size != storage.size:
      raise ValueError(
          f'storage {key!r} of {storage.size} numbers has {size} of them'
      )
    data = _exactly(file, size * storage.dtype.itemsize)
    numbers[storage] = np.frombuffer(data, storage.dtype, size)
  return {n: t.array(numbers[t.storage]) for n, t in tensors.items()}


def _exactly(file: io.BytesIO, size: int) -> bytes:
  """So many bytes, no fewer."""
  left = len(file.getbuffer()) - file.tell()
  if size > left:
    raise ValueError(f'{size} bytes are announced, {left} are left')
  return file.read(size)


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
