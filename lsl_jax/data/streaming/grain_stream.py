"""Large data sets: images are decoded and cropped in threads or workers.

The host makes uint8 crops of one size; flips, colours and normalisation happen
on the device, as for data sets in memory. Grain comes with `lsl_jax[data]`.
"""

from collections.abc import Iterator, Sequence
import dataclasses
import functools
import logging
import os
from typing import Any

from absl import flags
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import types
from lsl_jax.data.augmentation import augment_spec
from lsl_jax.data.reading import unreadable
from lsl_jax.data.streaming import host, host_crop, streams
from lsl_jax.data.streaming import order as order_lib

_STEPS = 2**40  # Grain wants a length; no run gets there.


def streamed(
    images: Sequence[np.ndarray],
    labels: Any,
    *,
    indices: Any = None,
    batch_size: int,
    seed: int,
    spec: augment_spec.Spec | None = None,
    resize: int | None = None,
    keep_aspect: bool = False,
    sampling: str | order_lib.Sampling = 'epoch',
    mean: tuple[float, ...] = (0.5, 0.5, 0.5),
    std: tuple[float, ...] = (0.5, 0.5, 0.5),
    sharding: jax.sharding.NamedSharding | None = None,
    process_index: int | None = None,
    process_count: int | None = None,
    bad: str = 'error',
    threads: int | None = None,
    workers: int = 0,
    buffer: int | None = None,
) -> streams.Stream:
  """Batches whose images are decoded, resized and cropped as they are needed.

  Args:
    images: M images; `images[i]` is uint8 `[h, w, 3]` of any size. With
      `workers`, it must be possible to pickle it.
    labels: `[M]` int, the labels that batches get.
    indices: `[m]` which images are used; all if None.
    batch_size: B, of the global batch; a process decodes only its part.
    seed: of order and augmentation.
    spec: the augmentation. Its crop happens on the host, without padding; its
      `size` is needed unless the images come out of `resize` all of one size.
    resize: pixels to which both sides are brought before the crop, whatever
      that does to the aspect (256 in Qi, Brown and Lowe); not at all if None.
    keep_aspect: bring the shorter side to `resize`, not both.
    sampling: 'epoch' takes every image once in an epoch, 'balanced' every class
      equally often, 'pairs' the same two images at a time, and an
      `EpisodeSampling` whole tasks; see `order` and `episode_order`.
    mean: of each channel, in 0 .. 1, see `augment.normalise`.
    std: of each channel.
    sharding: of the batch over the mesh; one device if None.
    process_index: without a sharding, which part of each batch to make.
    process_count: without a sharding, how many parts there are.
    bad: what an unreadable image does: 'error' stops with an error that names
      it; 'skip' takes another image of the same class, which depends on seed,
      step and position only, and counts it in the iterator's `skipped`.
    threads: how many batches are decoded at once; one a processor, at most 16,
      if None; 0 to decode only when asked.
    workers: processes to decode in instead of threads; programs that use them
      must guard their entry with `if __name__ == '__main__'`.
    buffer: how many finished batches may wait; twice the threads if None.

  Returns:
    The stream; its images are float32, its labels int32.

  Raises:
    ImportError: without Grain.
    ValueError: for a crop that needs padding, an index out of range, or a batch
      that cannot be divided over the devices.
  """
  grain = _grain()
  unreadable.check_policy(bad)
  spec = spec or augment_spec.Spec()
  labels = np.asarray(labels)
  indices = streams.check_indices(indices, len(images), labels)
  make = host.LocalBatch(
      images=images,
      labels=labels.astype(np.int32),
      indices=indices,
      order=order_lib.make_order(
          sampling, labels[indices], batch_size=batch_size, seed=seed
      ),
      positions=streams.local_positions(
          batch_size, sharding, process_index, process_count
      ),
      seed=seed,
      crop=host_crop.Crop(spec, resize, keep_aspect),
      skip=bad == 'skip',
  )
  if threads is None:
    threads = min(os.cpu_count() or 1, 16)
  buffer = 2 * threads if buffer is None else buffer
  key_data = streams.replicated(
      jax.random.key_data(jax.random.key(seed)), sharding
  )
  finish = functools.partial(
      _finish,
      key_data,
      spec=dataclasses.replace(spec, crop='none', size=None),
      mean=tuple(mean),
      std=tuple(std),
      sharding=sharding,
  )

  def generate(
      ahead: list[Any], skipped: dict[int, str]
  ) -> Iterator[types.Batch]:
    while ahead:
      arrays = _receive(next(ahead[0]), skipped, copy=workers > 0)
      yield finish(
          *(streams.divided(array, batch_size, sharding) for array in arrays)
      )

  def batches(start_step: int) -> streams.Batches:
    dataset = grain.MapDataset.range(start_step, _STEPS).map(make)
    dataset = dataset.to_iter_dataset(
        grain.ReadOptions(num_threads=threads, prefetch_buffer_size=buffer)
    )
    if workers:
      # Grain reads absl's flags, which only absl.app.run has parsed.
      if not flags.FLAGS.is_parsed():
        flags.FLAGS.mark_as_parsed()
      dataset = dataset.mp_prefetch(
          grain.MultiprocessingOptions(num_workers=workers)
      )
    ahead = [iter(dataset)]
    skipped: dict[int, str] = {}

    def close():
      # The last reference: Grain's iterators cannot be deleted at exit.
      ahead.pop().close()

    return streams.Batches(generate(ahead, skipped), skipped, close)

  return streams.Stream(
      batches, num_examples=len(indices), batch_size=batch_size
  )


def _grain():
  """Grain, imported when it is first needed: it is an extra."""
  try:
    import grain
  except ImportError as error:
    raise ImportError(
        "Streaming images from disk needs Grain: pip install 'lsl_jax[data]'."
        ' Or hold them in memory (data.dense, data.in_memory).'
    ) from error
  return grain


def _receive(
    made: host.Made, skipped: dict[int, str], *, copy: bool
) -> list[np.ndarray]:
  """What a worker made; raises its error here, warns of images it skipped."""
  if made.error is not None:
    raise made.error
  for index, reason in made.skipped.items():
    if index not in skipped:
      skipped[index] = reason
      logging.getLogger(__name__).warning(
          'Skipped image %d (%d so far), another of its class replaces it: %s',
          index,
          len(skipped),
          reason,
      )
  arrays = [made.images, made.labels, made.places]
  # Memory that is shared with a worker must not outlive Grain's iterator.
  return [np.array(array) for array in arrays] if copy else arrays


@functools.partial(jax.jit, static_argnames=('spec', 'mean', 'std', 'sharding'))
def _finish(
    key_data: jax.Array,
    images: jax.Array,
    labels: jax.Array,
    places: jax.Array,
    *,
    spec: augment_spec.Spec,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    sharding: jax.sharding.NamedSharding | None,
) -> types.Batch:
  """What is left to do with crops; `places` are (step, position), `[B, 2]`."""

  def local(key_data, images, labels, places):
    step, position = jnp.moveaxis(places, 1, 0)
    keys = streams.keys_of(key_data, step, position)
    return types.Batch(streams.views(keys, images, spec, mean, std), labels)

  run = streams.on_shards(local, sharding, batch_arguments=3)
  return run(key_data, images, labels, places)
