"""The file of a recogniser; docs/recogniser_format.md describes it.

A safetensors file whose metadata say what it is, in which version, and a
checksum over everything that matters. Nothing in it is ever executed, nothing
is reserved before its size is known to be in the file.
"""

import dataclasses
import hashlib
import itertools
import json
import math
import os
import pathlib
from typing import Any

import numpy as np

from lsl_jax.recogniser import record
from lsl_jax.report import atomic

FORMAT = 'lsl_jax.recogniser'
VERSION = 1
_DTYPES = {'F32': '<f4', 'I32': '<i4', 'I64': '<i8', 'U8': 'u1'}
# Arrays by name: type and number of axes.
_ARRAYS = {
    'features': ('F32', 2),
    'labels': ('I32', 1),
    'offsets': ('I64', 1),
    'templates': ('F32', 2),
    'thumbnails': ('U8', 1),
}
_LARGEST_HEADER = 2**26
_LARGEST_FILE = 2**32


def write(path: str | os.PathLike[str], recogniser: record.Recogniser) -> None:
  """Writes the file, whole or not at all.

  Args:
    path: of the file; its folder is made if missing.
    recogniser: what to keep.

  Raises:
    OSError: it cannot be written; an older file is as it was.
  """
  atomic.write(path, to_bytes(recogniser))


def to_bytes(recogniser: record.Recogniser) -> bytes:
  """The content of the file, the same for the same recogniser."""
  sizes = [len(t) for t in recogniser.thumbnails]
  arrays = {
      'features': recogniser.features,
      'labels': recogniser.labels,
      'offsets': np.cumsum([0, *sizes], dtype=np.int64),
      'templates': recogniser.templates,
      'thumbnails': np.frombuffer(b''.join(recogniser.thumbnails), np.uint8),
  }
  about = json.dumps(
      {
          'class_names': recogniser.class_names,
          'keep': recogniser.keep,
          'preprocessing': dataclasses.asdict(recogniser.preprocessing),
          'support_names': recogniser.support_names,
          'weights': dataclasses.asdict(recogniser.weights),
      },
      sort_keys=True,
  )
  header: dict[str, Any] = {
      '__metadata__': {
          'format': FORMAT,
          'version': str(VERSION),
          'about': about,
          'sha256': _digest(about, arrays),
      }
  }
  start, parts = 0, []
  for name, array in arrays.items():
    dtype, _ = _ARRAYS[name]
    part = array.astype(_DTYPES[dtype]).tobytes()
    header[name] = {
        'dtype': dtype,
        'shape': list(array.shape),
        'data_offsets': [start, start + len(part)],
    }
    start += len(part)
    parts.append(part)
  text = json.dumps(header).encode()
  text += b' ' * (-len(text) % 8)
  return b''.join([len(text).to_bytes(8, 'little'), text, *parts])


def read(path: str | os.PathLike[str]) -> record.Recogniser:
  """Reads the file of a recogniser.

  Args:
    path: of the file.

  Returns:
    The recogniser.

  Raises:
    FileNotFoundError: there is no such file.
    ValueError: it is of another format or version, or damaged; the message
      names the file and the reason.
  """
  path = pathlib.Path(path)
  if not path.is_file():
    raise FileNotFoundError(f'there is no recogniser {path}')
  if path.stat().st_size > _LARGEST_FILE:
    raise ValueError(
        f'{path}: {path.stat().st_size} bytes are more than a recogniser has'
    )
  try:
    return from_bytes(path.read_bytes())
  except ValueError as error:
    raise ValueError(f'{path}: {error}') from error


def from_bytes(content: bytes) -> record.Recogniser:
  """Reads the content of a file; raises ValueError as `read` does."""
  header, body = _header(content)
  metadata = header.get('__metadata__')
  if not isinstance(metadata, dict) or metadata.get('format') != FORMAT:
    raise ValueError('this is not the file of a recogniser')
  if metadata.get('version') != str(VERSION):
    raise ValueError(
        f'it has format version {str(metadata.get("version"))[:20]}; this'
        f' version of lsl_jax reads {VERSION}'
    )
  try:
    return _recogniser(header, metadata, body)
  except (
      ArithmeticError,
      AttributeError,
      LookupError,
      RecursionError,
      TypeError,
      ValueError,
  ) as error:
    raise ValueError(f'the recogniser is damaged: {error}') from error


def _header(content: bytes) -> tuple[dict[str, Any], memoryview]:
  length = int.from_bytes(content[:8], 'little')
  if length > min(_LARGEST_HEADER, len(content) - 8):
    raise ValueError('this is not the file of a recogniser, or it is truncated')
  try:
    header = json.loads(content[8 : 8 + length])
  except (ValueError, RecursionError) as error:
    raise ValueError('this is not the file of a recogniser') from error
  if not isinstance(header, dict):
    raise ValueError('this is not the file of a recogniser')
  return header, memoryview(content)[8 + length :]


def _recogniser(
    header: dict[str, Any], metadata: dict[str, Any], body: memoryview
) -> record.Recogniser:
  arrays = {name: _array(name, header[name], body) for name in _ARRAYS}
  if metadata['sha256'] != _digest(metadata['about'], arrays):
    raise ValueError('its content does not match its checksum')
  about = json.loads(metadata['about'])
  offsets = arrays['offsets']
  data = arrays['thumbnails'].tobytes()
  ends_meet = len(offsets) and offsets[0] == 0 and offsets[-1] == len(data)
  if not ends_meet or (np.diff(offsets) < 0).any():
    raise ValueError('the offsets of thumbnails do not fit')
  preprocessing = about['preprocessing']
  channels = {
      name: tuple(float(x) for x in preprocessing[name])
      for name in ('mean', 'std')
  }
  return record.Recogniser(
      weights=record.Weights(**about['weights']),
      preprocessing=record.Preprocessing(**(preprocessing | channels)),
      class_names=_strings(about['class_names']),
      templates=arrays['templates'],
      features=arrays['features'],
      labels=arrays['labels'],
      support_names=_strings(about['support_names']),
      thumbnails=tuple(
          data[start:stop] for start, stop in itertools.pairwise(offsets)
      ),
      keep=about['keep'],
  )


def _array(name: str, entry: Any, body: memoryview) -> np.ndarray:
  dtype, rank = _ARRAYS[name]
  shape, (start, stop) = entry['shape'], entry['data_offsets']
  whole = all(type(n) is int and n >= 0 for n in (*shape, start, stop))
  if entry['dtype'] != dtype or len(shape) != rank or not whole:
    raise ValueError(f'{name} is not {dtype} with {rank} axes')
  size = math.prod(shape) * np.dtype(_DTYPES[dtype]).itemsize
  if stop - start != size or stop > len(body):
    raise ValueError(f'{name} of shape {shape} reaches outside of the file')
  numbers = np.frombuffer(body[start:stop], _DTYPES[dtype])
  return numbers.reshape(shape).astype(numbers.dtype.newbyteorder('='))


def _strings(values: Any) -> tuple[str, ...]:
  if not isinstance(values, list) or not all(
      isinstance(value, str) for value in values
  ):
    raise ValueError('names are not a list of strings')
  return tuple(values)


def _digest(about: str, arrays: dict[str, np.ndarray]) -> str:
  """SHA-256 of the text, then of each array's name, shape and numbers."""
  digest = hashlib.sha256(about.encode())
  for name in sorted(arrays):
    dtype, _ = _ARRAYS[name]
    digest.update(f'\n{name} {list(arrays[name].shape)}\n'.encode())
    digest.update(arrays[name].astype(_DTYPES[dtype]).tobytes())
  return digest.hexdigest()
