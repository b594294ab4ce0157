"""Streams of images that live on the device."""

import chex
import jax
import numpy as np
import pytest

from lsl_jax.data.augmentation import augment_spec
from lsl_jax.data.streaming import memory

_SPEC = augment_spec.Spec(crop='random', padding=2, flip=True)
_ALL = augment_spec.Spec(
    crop='resized',
    flip=True,
    rotation=15.0,
    zoom=0.1,
    fill=None,
    brightness=0.4,
    contrast=0.4,
    saturation=0.4,
)


def _pool(count=30):
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
  images[:, 0, 0, 0] = np.arange(count)  # says which image it is
  return images, np.arange(count) % 5


def _stream(**changes):
  images, labels = _pool()
  arguments = {'batch_size': 8, 'seed': 3, 'spec': _SPEC, **changes}
  return memory.in_memory(images, labels, **arguments)


def _take(stream, start, count):
  batches = stream.batches(start)
  return [jax.tree.map(np.asarray, next(batches)) for _ in range(count)]


def _sharding(devices):
  mesh = jax.make_mesh((devices,), ('data',), devices=jax.devices()[:devices])
  return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec('data'))


def test_an_epoch_has_every_image_once_with_its_label():
  images, labels = _pool()
  batches = _take(_stream(batch_size=10, spec=None), 3, 3)
  shown = np.concatenate([batch.images for batch in batches])
  which = np.rint((shown[:, 0, 0, 0] + 1) * 127.5).astype(int)
  np.testing.assert_array_equal(np.sort(which), np.arange(30))
  np.testing.assert_allclose(shown, images[which] / 127.5 - 1, atol=1e-6)
  given = np.concatenate([batch.labels for batch in batches])
  np.testing.assert_array_equal(given, labels[which])
  assert given.dtype == np.int32 and shown.dtype == np.float32


def test_resumed_at_any_step_the_batches_are_the_same():
  whole = _take(_stream(), 0, 6)
  for start in (1, 4):
    resumed = _take(_stream(), start, 6 - start)
    chex.assert_trees_all_equal(resumed, whole[start:])


def test_another_seed_gives_other_batches():
  (first,), (other,) = _take(_stream(), 0, 1), _take(_stream(seed=4), 0, 1)
  assert not np.array_equal(first.images, other.images)


def test_an_image_is_augmented_anew_in_each_epoch():
  first, second = (
      _take(_stream(indices=[4], batch_size=1), step, 1)[0] for step in (0, 1)
  )
  assert first.labels == second.labels
  assert not np.array_equal(first.images, second.images)


# One row a device is where a compiler is most tempted to do something else.
@pytest.mark.parametrize(
    ('spec', 'batch_size'), [(_SPEC, 8), (_SPEC, 24), (_ALL, 8)]
)
def test_one_device_and_eight_make_the_same_batch(spec, batch_size):
  one = _stream(spec=spec, batch_size=batch_size)
  eight = _stream(spec=spec, batch_size=batch_size, sharding=_sharding(8))
  batch = next(eight.batches(2))
  assert len(batch.images.sharding.device_set) == 8
  assert not batch.images.sharding.is_fully_replicated
  # XLA may fuse products and sums otherwise for another number of images a
  # device, which changes the last bits of interpolated pixels on some CPUs.
  chex.assert_trees_all_close(
      jax.tree.map(np.asarray, batch),
      _take(one, 2, 1)[0],
      rtol=0,
      atol=1e-6 if spec is _ALL else 0,
  )


def test_two_processes_make_the_two_halves_of_the_batch():
  (whole,) = _take(_stream(), 5, 1)
  halves = [
      _take(_stream(process_index=i, process_count=2), 5, 1)[0]
      for i in range(2)
  ]
  joined = jax.tree.map(lambda a, b: np.concatenate([a, b]), *halves)
  chex.assert_trees_all_equal(joined, whole)


def test_balanced_batches_oversample_classes_with_few_images():
  images, _ = _pool()
  labels = np.array([0] * 28 + [1, 1])
  stream = memory.in_memory(
      images, labels, batch_size=100, seed=0, sampling='balanced'
  )
  drawn = np.concatenate([batch.labels for batch in _take(stream, 0, 10)])
  # 500 expected; the standard deviation is 16.
  assert abs(np.sum(drawn == 1) - 500) < 90


def test_only_the_given_images_are_used():
  _, labels = _pool()
  stream = _stream(indices=np.flatnonzero(labels == 3))
  assert stream.num_examples == 6 and stream.batch_size == 8
  assert stream.steps_per_epoch == 0.75
  assert set(_take(stream, 0, 1)[0].labels) == {3}


def test_nothing_is_compiled_again_for_other_steps_seeds_and_indices():
  before = memory._produce._cache_size()
  _take(_stream(batch_size=6), 0, 3)
  _take(_stream(batch_size=6, seed=9, indices=[1, 2]), 70_000, 2)
  assert memory._produce._cache_size() == before + 1


def test_waiting_is_counted():
  batches = _stream().batches(0)
  next(batches)
  assert batches.waited > 0


def test_refuses_images_of_another_form():
  images, labels = _pool()
  with pytest.raises(ValueError, match=r'uint8 \[M, H, W, 3\]; got float64'):
    memory.in_memory(images / 255, labels, batch_size=2, seed=0)
  with pytest.raises(ValueError, match=r'got list of shape \(1,\)'):
    memory.in_memory([images[0]], labels[:1], batch_size=2, seed=0)
  with pytest.raises(ValueError, match=r'batch of 6 .* over 8 devices'):
    _stream(batch_size=6, sharding=_sharding(8))
