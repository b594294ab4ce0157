"""Arrays that are costly to make, kept in the user's cache folder."""

from collections.abc import Callable, Mapping
import hashlib
import json
import os
import pathlib
import tempfile
from typing import Any
import warnings

import numpy as np

Arrays = dict[str, np.ndarray]
_KEY = 'key'


def default_folder() -> pathlib.Path:
  """`$XDG_CACHE_HOME/lsl_jax`, or `~/.cache/lsl_jax`."""
  base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
  return pathlib.Path(base) / 'lsl_jax'


def load_or_make(
    folder: str | os.PathLike,
    name: str,
    key: Mapping[str, Any],
    make: Callable[[], Arrays],
) -> Arrays:
  """Arrays from the cache, or made and put there for the next time.

  A damaged file, or one with another key, is made anew. Files appear whole or
  not at all. Where nothing can be written, there is a warning and no cache.

  Args:
    folder: the cache's folder, made if absent.
    name: the first part of the file's name.
    key: everything that the arrays depend on, as JSON knows it.
    make: gives the arrays; none of them may be called 'key'.

  Returns:
    The arrays by name.
  """
  text = json.dumps(key, sort_keys=True)
  digest = hashlib.sha256(text.encode()).hexdigest()[:16]
  path = pathlib.Path(folder) / f'{name}-{digest}.npz'
  arrays = _read(path, text)
  if arrays is None:
    arrays = make()
    try:
      _write(path, {**arrays, _KEY: np.array(text)})
    except OSError as error:
      warnings.warn(
          f'{name} is not cached and will be made again next time: {error}',
          stacklevel=3,
      )
  return arrays


def _read(path: pathlib.Path, text: str) -> Arrays | None:
  try:
    with open(path, 'rb') as file, np.load(file, allow_pickle=False) as stored:
      if stored[_KEY].item() != text:
        return None
      return {name: stored[name] for name in stored.files if name != _KEY}
  # Whatever is wrong with the file, what it held can be made again; which error
  # that is depends on the byte that is damaged.
  except Exception:
    return None


def _write(path: pathlib.Path, arrays: Mapping[str, Any]) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  descriptor, temporary = tempfile.mkstemp('.partial', path.stem, path.parent)
  try:
    with os.fdopen(descriptor, 'wb') as file:
      np.savez(file, **arrays)
    os.replace(temporary, path)
  except BaseException:
    os.unlink(temporary)
    raise
