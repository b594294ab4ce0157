"""Two ways to run the same step on a mesh axis `data`.

`jit` shows the step the global batch and lets the compiler divide the work;
batch statistics are then global without further ado. `pmap` shows it one
device's part, with named collectives. They agree up to rounding.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.sharding import Mesh
import numpy as np

from lsl_jax.training import optimizer as optimizer_lib
from lsl_jax.training import recipe, sharding
from lsl_jax.training import step as step_lib

# The axis name that a model and a loss must be given under each executor.
AXIS_NAMES = {'jit': None, 'pmap': sharding.AXIS}


class Executor(NamedTuple):
  """How a step meets devices.

  Attributes:
    mesh: the devices.
    put_state: a state (or any tree, such as a key) in host memory, the same in
      every process -> on the devices.
    put_batch: this process's rows of a batch -> on the devices.
    run: `(state, batch, key, *frozen) -> (state, metrics)`, all on the devices;
      it consumes the state that it is given. What is frozen is placed by
      `put_state`.
    fetch: a state or metrics on the devices -> NumPy arrays of its own.
  """

  mesh: Mesh
  put_state: Callable[[Any], Any]
  put_batch: Callable[[Any], Any]
  run: step_lib.Step
  fetch: Callable[[Any], Any]


def make(
    name: str,
    loss: Callable[..., Any],
    optimizer: optimizer_lib.AnyOptimizer,
    *,
    mesh: Mesh | None = None,
) -> Executor:
  """An executor by name.

  Args:
    name: 'jit' or 'pmap'.
    loss: as `step.make_step` takes it, its axis name `AXIS_NAMES[name]`.
    optimizer: as `step.make_step` takes it.
    mesh: by default all devices.

  Returns:
    The executor.

  Raises:
    ValueError: an unknown name.
  """
  return recipe.choose(EXECUTORS, name, 'executor')(loss, optimizer, mesh=mesh)


def jit(
    loss: Callable[..., Any],
    optimizer: optimizer_lib.AnyOptimizer,
    *,
    mesh: Mesh | None = None,
) -> Executor:
  """One program over the global batch, divided by the compiler."""
  mesh = mesh or sharding.mesh()
  everywhere = sharding.replicated(mesh)
  return Executor(
      mesh=mesh,
      put_state=lambda state: sharding.replicate(state, mesh),
      put_batch=lambda batch: sharding.divide(batch, mesh),
      run=jax.jit(
          step_lib.make_step(loss, optimizer),
          donate_argnums=0,
          out_shardings=(everywhere, everywhere),
      ),
      fetch=lambda tree: jax.tree.map(_first_copy, tree),
  )


def pmap(
    loss: Callable[..., Any],
    optimizer: optimizer_lib.AnyOptimizer,
    *,
    mesh: Mesh | None = None,
) -> Executor:
  """One program a device, meeting in collectives over the axis `data`.

  Arrays have a leading axis of devices.
  """
  mesh = mesh or sharding.mesh()
  return Executor(
      mesh=mesh,
      put_state=lambda state: sharding.stack(state, mesh),
      put_batch=lambda batch: sharding.fold(batch, mesh),
      run=jax.pmap(
          step_lib.make_step(loss, optimizer, axis_name=sharding.AXIS),
          axis_name=sharding.AXIS,
          devices=list(mesh.devices.flat),
          donate_argnums=0,
      ),
      fetch=lambda tree: jax.tree.map(
          lambda leaf: _first_copy(leaf).squeeze(0), tree
      ),
  )


def _first_copy(leaf):
  """This process's first copy, in memory that no later step may overwrite."""
  return np.array(leaf.addressable_data(0))


EXECUTORS = {'jit': jit, 'pmap': pmap}
