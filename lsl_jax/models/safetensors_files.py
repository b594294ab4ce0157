"""Reads `.safetensors` files: eight bytes of length, JSON, then raw numbers."""

import json
import math
import pathlib

import jax.numpy as jnp
import numpy as np

_DTYPES = {
    'BF16': np.dtype(jnp.bfloat16),
    'BOOL': np.dtype('bool'),
    'F16': np.dtype('<f2'),
    'F32': np.dtype('<f4'),
    'F64': np.dtype('<f8'),
    'I16': np.dtype('<i2'),
    'I32': np.dtype('<i4'),
    'I64': np.dtype('<i8'),
    'I8': np.dtype('int8'),
    'U8': np.dtype('uint8'),
}


def read(path: str | pathlib.Path) -> dict[str, np.ndarray]:
  """Reads all tensors of a file.

  Args:
    path: of the file.

  Returns:
    Arrays by name, in the file's types.

  Raises:
    ValueError: the file is damaged or holds an unknown type; the message names
      the file and the tensor.
  """
  content = pathlib.Path(path).read_bytes()
  length = int.from_bytes(content[:8], 'little')
  try:
    header = json.loads(content[8 : 8 + length])
  except (RecursionError, ValueError) as error:
    raise ValueError(f'{path}: damaged safetensors header') from error
  if not isinstance(header, dict):
    raise ValueError(f'{path}: damaged safetensors header')
  header.pop('__metadata__', None)
  body = memoryview(content)[8 + length :]
  tensors = {}
  for name, entry in header.items():
    what = f'{path}: tensor {name[:200]!r}'
    try:
      tensors[name] = _array(what, entry, body)
    except (LookupError, OverflowError, TypeError) as error:
      raise ValueError(f'{what} has a damaged description') from error
  return tensors


def _array(what: str, entry: dict, body: memoryview) -> np.ndarray:
  if entry['dtype'] not in _DTYPES:
    raise ValueError(
        f'{what} has type {entry["dtype"]}; accepted: {", ".join(_DTYPES)}'
    )
  dtype = _DTYPES[entry['dtype']]
  start, stop = entry['data_offsets']
  if not all(type(n) is int for n in (*entry['shape'], start, stop)):
    raise TypeError('sizes are whole numbers')
  size = math.prod(entry['shape']) * dtype.itemsize
  if stop - start != size or not 0 <= start <= stop <= len(body):
    raise ValueError(
        f'{what} of shape {tuple(entry["shape"])} needs {size} bytes; the file'
        f' gives it {start} to {stop} of {len(body)}'
    )
  return np.frombuffer(body[start:stop], dtype).reshape(entry['shape']).copy()
