"""A state as arrays by name, the form in which it is saved."""

import os
from typing import Any

import jax
import tensorstore

from lsl_jax.training import sharding


def by_path(state: Any) -> dict[str, Any]:
  """The arrays of a state in NumPy by name, such as 'params/head/kernel'.

  Saved in this form, a checkpoint depends on names and not on the classes in
  which today's Optax keeps its memory.

  Args:
    state: a pytree in host memory.

  Returns:
    The arrays, in the order of the pytree's leaves.
  """
  leaves, _ = jax.tree_util.tree_flatten_with_path(sharding.to_host(state))
  return {
      jax.tree_util.keystr(path, simple=True, separator='/'): leaf
      for path, leaf in leaves
  }


def check_readable(folder: str | os.PathLike[str]) -> None:
  """Reads all that is stored of a state, one array after the other.

  Orbax reads arrays side by side; where one is damaged, the others finish
  after its event loop has closed, and each of them prints a traceback. This
  finds damage first and says where it is.

  Args:
    folder: where Orbax has put the arrays of one checkpoint.

  Raises:
    ValueError: something is missing or too short.
  """
  store = tensorstore.KvStore.open(
      {
          'driver': 'ocdbt',
          'base': f'file://{os.fspath(folder)}/',
      }
  ).result()
  names = store.list().result()
  if not names:
    raise ValueError(f'{folder} holds no arrays')
  for name in names:
    store.read(name).result()


def check_same(expected: dict[str, Any], saved: dict[str, Any]) -> None:
  """Compares names, shapes and types.

  Args:
    expected: what this run has; values need `shape` and `dtype`.
    saved: what a checkpoint has.

  Raises:
    ValueError: they differ; the message names every array that does.
  """
  differences = []
  for path in sorted({*expected, *saved}):
    here, there = (
        f'{arrays[path].dtype}{list(arrays[path].shape)}'
        if path in arrays
        else 'absent'
        for arrays in (expected, saved)
    )
    if here != there:
      differences.append(f'{path} is {there} there, {here} here')
  if differences:
    raise ValueError(
        'the checkpoint is of another model or optimizer: '
        + '; '.join(differences)
    )
