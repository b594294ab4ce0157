"""Streams of images that are decoded as they are needed."""

import builtins
import contextlib
import logging

import chex
import jax
import numpy as np
import pytest

from lsl_jax.data.augmentation import augment_spec
from lsl_jax.data.reading import encoded
from lsl_jax.data.streaming import grain_stream, host, host_crop, order

_SPEC = augment_spec.Spec(crop='random', size=6, flip=True)


class _Images:
  """Images of many sizes, some of which cannot be read."""

  def __init__(self, count=30, broken=(), error=encoded.ImageError):
    self.count = count
    self.broken = broken
    self.error = error

  def __len__(self):
    return self.count

  def __getitem__(self, index):
    if index in self.broken:
      raise self.error(f'bird_{index}.jpg: truncated')
    rng = np.random.default_rng(index)
    shape = (8 + index % 3, 9 + index % 2, 3)
    image = rng.integers(0, 200, shape, dtype=np.uint8)
    return image


def _labels(count=30):
  return np.arange(count) % 5


def _stream(images=None, **changes):
  images = _Images() if images is None else images
  arguments = {
      'batch_size': 8,
      'seed': 3,
      'spec': _SPEC,
      'resize': 8,
      'threads': 1,
      **changes,
  }
  return grain_stream.streamed(images, _labels(len(images)), **arguments)


def _take(stream, start, count):
  with contextlib.closing(stream.batches(start)) as batches:
    return [jax.tree.map(np.asarray, next(batches)) for _ in range(count)]


def _sharding():
  mesh = jax.make_mesh((8,), ('data',))
  return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec('data'))


def test_an_epoch_has_every_image_once():
  # Labels that are the images' numbers, without augmentation.
  images = _Images()
  stream = grain_stream.streamed(
      images, np.arange(30), batch_size=10, seed=0, resize=8, threads=1
  )
  batches = _take(stream, 3, 3)
  labels = np.concatenate([batch.labels for batch in batches])
  np.testing.assert_array_equal(np.sort(labels), np.arange(30))
  crop = host_crop.Crop(augment_spec.Spec(), resize=8)
  for batch in batches:
    for view, label in zip(batch.images, batch.labels, strict=True):
      want = crop(images[label], np.zeros((10, 4)))
      np.testing.assert_allclose(view, want / 127.5 - 1, atol=1e-6)


def test_resumed_at_any_step_the_batches_are_the_same():
  whole = _take(_stream(), 0, 6)
  for start in (1, 4):
    chex.assert_trees_all_equal(
        _take(_stream(), start, 6 - start), whole[start:]
    )


def test_threads_change_nothing():
  chex.assert_trees_all_equal(
      _take(_stream(threads=0), 2, 3), _take(_stream(threads=3), 2, 3)
  )


def test_workers_change_nothing():
  # A list, because workers cannot import a test's classes.
  images = [_Images()[i] for i in range(30)]
  chex.assert_trees_all_equal(
      _take(_stream(images, workers=1), 2, 2), _take(_stream(), 2, 2)
  )


def test_one_device_and_eight_make_the_same_bits():
  batches = _stream(sharding=_sharding()).batches(2)
  batch = next(batches)
  batches.close()
  assert len(batch.images.sharding.device_set) == 8
  chex.assert_trees_all_equal(
      jax.tree.map(np.asarray, batch), _take(_stream(), 2, 1)[0]
  )


def test_two_processes_make_the_two_halves_of_the_batch():
  (whole,) = _take(_stream(), 5, 1)
  halves = [
      _take(_stream(process_index=i, process_count=2), 5, 1)[0]
      for i in range(2)
  ]
  joined = jax.tree.map(lambda a, b: np.concatenate([a, b]), *halves)
  chex.assert_trees_all_equal(joined, whole)


def test_balanced_batches_draw_classes_equally():
  labels = np.array([0] * 28 + [1, 1])
  stream = grain_stream.streamed(
      _Images(), labels, batch_size=100, seed=0, sampling='balanced', resize=2
  )
  drawn = np.concatenate([batch.labels for batch in _take(stream, 0, 4)])
  # 200 expected; the standard deviation is 10.
  assert abs(np.sum(drawn == 1) - 200) < 60


def test_an_unreadable_image_is_an_error_that_names_it():
  with pytest.raises(
      encoded.ImageError, match=r'image 11: bird_11\.jpg: truncated'
  ):
    _take(_stream(_Images(broken=(11,))), 0, 4)


def test_an_unreadable_file_in_a_worker_is_an_error_that_names_it(tmp_path):
  path = tmp_path / 'bird.png'
  path.write_bytes(b'not an image')
  images = encoded.Files([path] * 5)
  with pytest.raises(
      encoded.ImageError, match=r'image \d: .*bird\.png: not an'
  ):
    _take(_stream(images, workers=1), 0, 1)


def test_an_error_of_another_kind_names_the_image_too():
  images = _Images(broken=range(30), error=RuntimeError)
  with pytest.raises(
      encoded.ImageError, match=r'image \d+: RuntimeError: bird'
  ):
    _take(_stream(images), 0, 1)


def test_an_array_of_another_kind_names_the_image():
  images = [np.zeros((8, 8), np.uint8)] * 5
  with pytest.raises(encoded.ImageError, match=r'image \d: is uint8 of .*8, 8'):
    _take(_stream(images), 0, 1)


def test_images_of_several_shapes_ask_for_a_crop():
  with pytest.raises(encoded.ImageError, match=r'several shapes.*set the crop'):
    _take(_stream(resize=None, spec=None), 0, 1)


def test_skipped_images_are_replaced_within_their_class_and_counted(caplog):
  stream = _stream(_Images(broken=(11, 12)), bad='skip')
  with caplog.at_level(logging.WARNING):
    batches = stream.batches(0)
    taken = [jax.tree.map(np.asarray, next(batches)) for _ in range(8)]
    batches.close()
  assert sorted(batches.skipped) == [11, 12]
  assert 'bird_11.jpg: truncated' in batches.skipped[11]
  assert len(caplog.records) == 2  # Once for each, though seen in two epochs.
  assert 'Skipped image' in caplog.text and '2 so far' in caplog.text
  # Classes are as they would have been, and the choice is reproducible.
  clean = _take(_stream(), 0, 8)
  for batch, other in zip(taken, clean, strict=True):
    np.testing.assert_array_equal(batch.labels, other.labels)
  chex.assert_trees_all_equal(_take(stream, 3, 2), taken[3:5])


def test_a_class_without_any_readable_image_is_an_error():
  images = _Images(broken=range(0, 30, 5))
  with pytest.raises(encoded.ImageError, match='class 0 that were to replace'):
    _take(_stream(images, bad='skip'), 0, 4)


def test_unknown_policies_are_refused():
  with pytest.raises(ValueError, match='bad must be one of error, skip'):
    _stream(bad='ignore')


def test_without_grain_it_says_how_to_install_it(monkeypatch):
  real = builtins.__import__

  def absent(name, *arguments, **keywords):
    if name == 'grain':
      raise ImportError(name)
    return real(name, *arguments, **keywords)

  monkeypatch.setattr(builtins, '__import__', absent)
  with pytest.raises(ImportError, match=r"pip install 'lsl_jax\[data\]'"):
    _stream()


def test_crops_of_one_image_differ_by_step_and_position():
  image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
  make = host.LocalBatch(
      images=[image],
      labels=np.zeros(1, np.int32),
      indices=np.arange(1),
      order=order.Epochs(1, 6, seed=0),
      positions=np.arange(6),
      seed=0,
      crop=host_crop.Crop(augment_spec.Spec(crop='random', size=8)),
      skip=False,
  )
  crops = np.concatenate([make(0).images, make(1).images])
  assert len({crop.tobytes() for crop in crops}) == 12
