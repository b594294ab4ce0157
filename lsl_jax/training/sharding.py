"""Where arrays live: a mesh with one axis `data` over all devices.

A state is replicated and a batch divided along its first axis. Both functions
that place arrays work in one process and in many.
"""

from collections.abc import Sequence
from typing import Any

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
import numpy as np

AXIS = 'data'


def mesh(devices: Sequence[jax.Device] | None = None) -> Mesh:
  """A mesh over some devices, by default over all of all processes.

  Args:
    devices: for example `jax.devices()[:1]` for one device.

  Returns:
    A mesh with the single axis `data`.
  """
  return Mesh(np.asarray(devices or jax.devices()), (AXIS,))


def replicated(on: Mesh) -> NamedSharding:
  """Every device holds the whole array."""
  return NamedSharding(on, PartitionSpec())


def divided(on: Mesh) -> NamedSharding:
  """Every device holds an equal part of the first axis."""
  return NamedSharding(on, PartitionSpec(AXIS))


def local_size(on: Mesh) -> int:
  """How many of the mesh's devices belong to this process."""
  return len(on.local_devices)


def replicate(tree: Any, on: Mesh) -> Any:
  """Puts a copy of every array on every device.

  Args:
    tree: arrays, keys or numbers, the same in every process.
    on: the devices.

  Returns:
    The tree as arrays over the mesh.
  """
  target = replicated(on)

  def put(leaf):
    return jax.make_array_from_callback(
        leaf.shape, target, lambda index: leaf[index]
    )

  return _wrap_keys(jax.tree.map(put, to_host(tree)), like=tree)


def stack(tree: Any, on: Mesh) -> Any:
  """Replicates as `pmap` has it: with a leading axis of devices.

  Args:
    tree: arrays, keys or numbers, the same in every process.
    on: the devices.

  Returns:
    The tree with arrays `[devices, ...]`, one row for each of this process's
    devices.
  """
  size = local_size(on)
  rows = jax.tree.map(
      lambda leaf: np.broadcast_to(leaf, (size, *leaf.shape)), to_host(tree)
  )
  return _wrap_keys(divide(rows, on.local_mesh), like=tree)


def divide(tree: Any, on: Mesh) -> Any:
  """Divides a batch among the devices along the first axis.

  Args:
    tree: arrays `[B, ...]`: the whole batch where there is one process, this
      process's rows of it where there are many. An array that is divided
      among these devices already is the global batch, and left as it is.
    on: the devices.

  Returns:
    The tree as arrays of the global batch.

  Raises:
    ValueError: the rows cannot be divided equally.
  """
  target = divided(on)
  size = local_size(on)

  def put(leaf):
    if isinstance(leaf, jax.Array) and leaf.sharding == target:
      return leaf
    _check_divisible(leaf, size)
    if on.devices.size == size:  # one process: no way through the host
      return jax.device_put(leaf, target)
    return jax.make_array_from_process_local_data(target, np.asarray(leaf))

  return jax.tree.map(put, tree)


def fold(tree: Any, on: Mesh) -> Any:
  """Divides a batch as `pmap` has it, among this process's devices.

  Args:
    tree: as `divide` takes it.
    on: the devices.

  Returns:
    The tree with arrays `[devices, B / devices, ...]`.

  Raises:
    ValueError: the rows cannot be divided equally.
  """
  size = local_size(on)

  def split(leaf):
    _check_divisible(leaf, size)
    return leaf.reshape(size, -1, *leaf.shape[1:])

  return divide(jax.tree.map(split, tree), on.local_mesh)


def to_host(tree: Any) -> Any:
  """The tree as NumPy arrays, a typed key as its data."""
  return jax.tree.map(
      lambda leaf: np.asarray(
          jax.random.key_data(leaf) if _is_key(leaf) else leaf
      ),
      tree,
  )


def _wrap_keys(tree, *, like):
  """Makes keys of the arrays that were keys in `like`."""
  return jax.tree.map(
      lambda leaf, model: (
          jax.random.wrap_key_data(leaf, impl=jax.random.key_impl(model))
          if _is_key(model)
          else leaf
      ),
      tree,
      like,
  )


def _is_key(leaf):
  return isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(
      leaf.dtype, jax.dtypes.prng_key
  )


def _check_divisible(leaf, size):
  if leaf.shape[0] % size:
    raise ValueError(
        f'A batch of {leaf.shape[0]} examples a process cannot be divided '
        f'equally among {size} devices.'
    )
