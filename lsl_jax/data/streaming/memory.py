"""Small data sets: images live on the device and are augmented there."""

from collections.abc import Iterator
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import types
from lsl_jax.data.augmentation import augment_spec
from lsl_jax.data.streaming import order as order_lib
from lsl_jax.data.streaming import streams


def in_memory(
    images: Any,
    labels: Any,
    *,
    indices: Any = None,
    batch_size: int,
    seed: int,
    spec: augment_spec.Spec | None = None,
    sampling: str | order_lib.Sampling = 'epoch',
    mean: tuple[float, ...] = (0.5, 0.5, 0.5),
    std: tuple[float, ...] = (0.5, 0.5, 0.5),
    sharding: jax.sharding.NamedSharding | None = None,
    process_index: int | None = None,
    process_count: int | None = None,
) -> streams.Stream:
  """Batches gathered, augmented and normalised in one program on the device.

  Only a few numbers an image cross from the host in each step: which image, and
  its place in the batch. All steps, and all streams of the same shapes, share
  one compiled program.

  Args:
    images: `[M, H, W, 3]` uint8, copied to every device; an array that
      `streams.replicated` put there is used as it is.
    labels: `[M]` int, the labels that batches get.
    indices: `[m]` which images are used; all if None.
    batch_size: B, of the global batch.
    seed: of order and augmentation.
    spec: the augmentation; nothing if None.
    sampling: 'epoch' takes every image once in an epoch, 'balanced' every class
      equally often, 'pairs' the same two images at a time, and an
      `EpisodeSampling` whole tasks; see `order` and `episode_order`.
    mean: of each channel, in 0 .. 1, see `augment.normalise`.
    std: of each channel.
    sharding: of the batch over the mesh; one device if None.
    process_index: without a sharding, which part of each batch to make.
    process_count: without a sharding, how many parts there are.

  Returns:
    The stream; its images are float32, its labels int32.

  Raises:
    ValueError: for images that are not uint8 `[M, H, W, 3]`, an index out of
      range, or a batch that cannot be divided over the devices.
  """
  kind = getattr(images, 'dtype', type(images).__name__)
  shape = getattr(images, 'shape', (len(images),))
  if kind != np.uint8 or len(shape) != 4 or shape[3] != 3:
    raise ValueError(
        f'Images in memory are uint8 [M, H, W, 3]; got {kind} of shape {shape}.'
    )
  labels = np.asarray(labels)
  indices = streams.check_indices(indices, len(images), labels)
  order = order_lib.make_order(
      sampling, labels[indices], batch_size=batch_size, seed=seed
  )
  positions = streams.local_positions(
      batch_size, sharding, process_index, process_count
  )
  pool = (
      streams.replicated(images, sharding),
      streams.replicated(labels.astype(np.int32), sharding),
      streams.replicated(jax.random.key_data(jax.random.key(seed)), sharding),
  )
  produce = functools.partial(
      _produce,
      *pool,
      spec=spec or augment_spec.Spec(),
      mean=tuple(mean),
      std=tuple(std),
      sharding=sharding,
  )

  def generate(step: int) -> Iterator[types.Batch]:
    while True:
      rows = np.empty((len(positions), 3), np.int32)
      rows[:, 0] = indices[order(step)[positions]]
      rows[:, 1] = step
      rows[:, 2] = positions
      yield produce(streams.divided(rows, batch_size, sharding))
      step += 1

  return streams.Stream(
      lambda start_step: streams.Batches(generate(start_step)),
      num_examples=len(indices),
      batch_size=batch_size,
  )


@functools.partial(jax.jit, static_argnames=('spec', 'mean', 'std', 'sharding'))
def _produce(
    images: jax.Array,
    labels: jax.Array,
    key_data: jax.Array,
    rows: jax.Array,
    *,
    spec: augment_spec.Spec,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    sharding: jax.sharding.NamedSharding | None,
) -> types.Batch:
  """The batch of some rows (index, step, position), `[B, 3]` int32."""

  def local(images, labels, key_data, rows):
    index, step, position = jnp.moveaxis(rows, 1, 0)
    keys = streams.keys_of(key_data, step, position)
    return types.Batch(
        streams.views(keys, images[index], spec, mean, std), labels[index]
    )

  run = streams.on_shards(local, sharding, batch_arguments=1)
  return run(images, labels, key_data, rows)
