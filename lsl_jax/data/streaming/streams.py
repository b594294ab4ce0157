"""Streams of batches for training: pure functions of a seed and a step.

What batch `step` holds depends on the seed and the step alone, and how its
image at place `position` of the global batch is augmented on the key
`fold_in(fold_in(key(seed), step), position)`. So a run goes on after a restart
knowing nothing but its step, and one device, eight devices and two processes
see the same batches.
"""

from collections.abc import Callable, Iterator
import dataclasses
import time
import weakref

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import types
from lsl_jax.data.augmentation import augment, augment_spec


class Batches(Iterator[types.Batch]):
  """Batches one after another, and what the loop that takes them waited.

  Attributes:
    waited: seconds that calls of `next` took since the start, or since `share`
      was last called. Work that was only sent to the device does not count.
    skipped: why images were left out and replaced, by their index.
  """

  def __init__(
      self,
      batches: Iterator[types.Batch],
      skipped: dict[int, str] | None = None,
      close: Callable[[], None] = lambda: None,
  ):
    self.waited = 0.0
    self.skipped = {} if skipped is None else skipped
    self._batches = batches
    self._since = time.perf_counter()
    # Also when the object is forgotten, or the interpreter is about to exit.
    self._finalizer = weakref.finalize(self, close)

  def __next__(self) -> types.Batch:
    start = time.perf_counter()
    try:
      return next(self._batches)
    finally:
      self.waited += time.perf_counter() - start

  def close(self) -> None:
    """Stops the threads or processes that work ahead, if there are any."""
    self._finalizer()

  def share(self) -> float:
    """Share of the time spent waiting since the last call, then starts anew."""
    now = time.perf_counter()
    share = self.waited / max(now - self._since, 1e-9)
    self.waited, self._since = 0.0, now
    return min(share, 1.0)


@dataclasses.dataclass(frozen=True)
class Stream:
  """Batches of a data set without end, from any step on.

  Attributes:
    batches: `batches(start_step)` iterates over the batches of steps
      start_step, start_step + 1, ... and never ends.
    num_examples: M, examples that an epoch visits.
    batch_size: B, of the global batch.
  """

  batches: Callable[[int], Batches]
  num_examples: int
  batch_size: int

  @property
  def steps_per_epoch(self) -> float:
    """M / B; a batch may straddle two epochs, so it need not be whole."""
    return self.num_examples / self.batch_size


def check_indices(indices, num_images: int, labels) -> np.ndarray:
  """The images of a stream as a vector of indices; all of them for None.

  Raises:
    ValueError: if labels and images differ in number, or for an index that is
      out of range.
  """
  if np.shape(labels) != (num_images,):
    raise ValueError(
        f'There are {num_images} images, labels have the shape'
        f' {np.shape(labels)}; accepted is one label an image.'
    )
  if indices is None:
    return np.arange(num_images)
  indices = np.asarray(indices)
  if indices.ndim != 1 or not indices.size or indices.dtype.kind not in 'iu':
    raise ValueError(
        'indices are a non-empty vector of integers; got'
        f' {indices.dtype} of shape {indices.shape}.'
    )
  wrong = indices[(indices < 0) | (indices >= num_images)]
  if wrong.size:
    raise ValueError(
        f'Index {wrong[0]} is out of range; there are {num_images} images.'
    )
  return indices


def local_positions(
    batch_size: int,
    sharding: jax.sharding.Sharding | None,
    process_index: int | None = None,
    process_count: int | None = None,
) -> np.ndarray:
  """The places of the global batch that this process makes.

  Args:
    batch_size: B.
    sharding: of the batch; says what this process holds.
    process_index: without a sharding, the part to make, by default the only.
    process_count: without a sharding, how many equal parts there are.

  Returns:
    `[b]` int64, ascending.

  Raises:
    ValueError: if the batch cannot be divided equally.
  """
  if sharding is not None:
    devices = len(sharding.device_set)
    try:
      parts = sharding.addressable_devices_indices_map((batch_size,)).values()
    except ValueError as error:
      raise ValueError(
          f'A batch of {batch_size} cannot be divided over {devices} devices.'
      ) from error
    held = np.zeros(batch_size, bool)
    for part in parts:
      held[part] = True
    return np.flatnonzero(held)
  index, count = process_index or 0, process_count or 1
  if batch_size % count or not 0 <= index < count:
    raise ValueError(
        f'A batch of {batch_size} cannot be divided over {count} processes, of'
        f' which this is number {index}.'
    )
  part = batch_size // count
  return np.arange(index * part, (index + 1) * part)


def replicated(array, sharding: jax.sharding.Sharding | None) -> jax.Array:
  """Puts an array, whole, on every device of a sharding.

  An array that is already there is not copied: put a data set there once and
  give it to several streams.
  """
  if sharding is None:
    return jnp.asarray(array)
  whole = _whole(sharding)
  if isinstance(array, jax.Array) and array.sharding == whole:
    return array
  array = np.asarray(array)
  return jax.make_array_from_process_local_data(whole, array, array.shape)


def divided(
    array: np.ndarray, batch_size: int, sharding: jax.sharding.Sharding | None
) -> jax.Array:
  """Puts this process's rows of a batch where the sharding wants them."""
  if sharding is None:
    return jnp.asarray(array)
  shape = (batch_size, *array.shape[1:])
  return jax.make_array_from_process_local_data(sharding, array, shape)


def _whole(sharding) -> jax.sharding.NamedSharding:
  return jax.sharding.NamedSharding(sharding.mesh, jax.sharding.PartitionSpec())


def on_shards(function, sharding, *, batch_arguments: int):
  """Runs a function on each device's rows, without communication.

  Args:
    function: of arguments that every device has whole, followed by
      `batch_arguments` ones whose leading axis is divided.
    sharding: of that axis; None to run as it is.
    batch_arguments: how many arguments are divided.

  Returns:
    The function of global arrays, to be called under jit.
  """
  if sharding is None:
    return function

  def mapped(*arguments):
    whole = len(arguments) - batch_arguments
    specs = (jax.sharding.PartitionSpec(),) * whole + (
        sharding.spec,
    ) * batch_arguments
    return jax.shard_map(
        function,
        mesh=sharding.mesh,
        in_specs=specs,
        out_specs=sharding.spec,
        check_vma=False,  # Each row is made by itself, nothing is reduced.
    )(*arguments)

  return mapped


def keys_of(key_data: jax.Array, steps: jax.Array, positions: jax.Array):
  """A key for each image: `fold_in(fold_in(key, step), position)`, `[B]`."""
  key = jax.random.wrap_key_data(key_data)
  step_keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, steps)
  return jax.vmap(jax.random.fold_in)(step_keys, positions)


def views(
    keys: jax.Array,
    images: jax.Array,
    spec: augment_spec.Spec,
    mean: tuple[float, ...],
    std: tuple[float, ...],
) -> jax.Array:
  """Augmented and normalised images, `[B, size, size, 3]` float32."""
  return augment.normalise(
      augment.batch(keys, images, spec), mean=mean, std=std
  )
