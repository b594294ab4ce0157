"""Products of phases in the workdir: named arrays that know their origin."""

from collections.abc import Callable, Iterable, Sequence
import os
from typing import Any
import zipfile
import zlib

from absl import logging
import jax
import numpy as np

from lsl_jax import report
from lsl_jax.pipeline.stages import features

# What reading a damaged .npz file raises, whichever part of it is damaged.
_DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)
_ABOUT = 'about'


def kept(
    path: str, about: Any, compute: Callable[[], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
  """Arrays from a file, computed where it is missing, damaged or of others.

  Args:
    path: of the `.npz` file.
    about: a tree of arrays, numbers and text on which the arrays depend.
    compute: makes the arrays.

  Returns:
    The arrays by name.
  """
  (arrays,) = kept_parts([path], about, lambda _: [compute()])
  return arrays


def kept_parts(
    paths: Sequence[str],
    about: Any,
    compute: Callable[[list[int]], Iterable[dict[str, np.ndarray]]],
) -> list[dict[str, np.ndarray]]:
  """The same for files of one origin that are made one after another.

  Each is written as soon as it is made, so that whoever is stopped in the
  middle goes on from there.

  Args:
    paths: of the `.npz` files.
    about: as in `kept`, of all of them.
    compute: makes the arrays of those files at whose places there is nothing
      to be read; not called if there are none.

  Returns:
    The arrays by name, a file after another.
  """
  fingerprint = features.fingerprint(about)
  parts = [_read(path, fingerprint) for path in paths]
  missing = [place for place, part in enumerate(parts) if part is None]
  if missing:
    for place, made in zip(missing, compute(missing), strict=True):
      arrays = {name: np.asarray(array) for name, array in made.items()}
      if jax.process_index() == 0:
        report.arrays.write(paths[place], about=fingerprint, **arrays)
      parts[place] = arrays
  return [part for part in parts if part is not None]


def _read(path: str, fingerprint: str) -> dict[str, np.ndarray] | None:
  """Arrays from a file; none if it is missing, damaged or of others."""
  try:
    with open(path, 'rb') as opened, np.load(opened) as file:
      if str(file[_ABOUT]) == fingerprint:
        return {name: file[name] for name in file.files if name != _ABOUT}
  except FileNotFoundError:
    pass
  except _DAMAGED as error:
    logging.warning('%s is computed anew: it cannot be read (%s)', path, error)
  return None


def kept_tree(path: str, about: Any, compute: Callable[[], Any]) -> Any:
  """The same for nested dictionaries of arrays, such as parameters."""

  def flat():
    leaves = jax.tree_util.tree_leaves_with_path(compute())
    return {
        jax.tree_util.keystr(place, simple=True, separator='/'): np.asarray(
            leaf
        )
        for place, leaf in leaves
    }

  tree: dict[str, Any] = {}
  for name, array in kept(path, about, flat).items():
    *folders, last = name.split('/')
    branch = tree
    for folder in folders:
      branch = branch.setdefault(folder, {})
    branch[last] = array
  return tree


def folder(workdir: str, name: str) -> str:
  """Where the phases of the low-shot benchmark keep a file."""
  return os.path.join(workdir, 'hallucination', name)
