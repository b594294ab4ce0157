"""Products of phases in the workdir: named arrays that know their origin."""

from collections.abc import Callable
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
  fingerprint = features.fingerprint(about)
  try:
    with open(path, 'rb') as opened, np.load(opened) as file:
      if str(file[_ABOUT]) == fingerprint:
        return {name: file[name] for name in file.files if name != _ABOUT}
  except FileNotFoundError:
    pass
  except _DAMAGED as error:
    logging.warning('%s is computed anew: it cannot be read (%s)', path, error)
  arrays = {k: np.asarray(v) for k, v in compute().items()}
  if jax.process_index() == 0:
    report.arrays.write(path, about=fingerprint, **arrays)
  return arrays


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
