"""Parts that both streams share."""

import time

import jax
import numpy as np
import pytest

from lsl_jax import types
from lsl_jax.data.streaming import streams

_P = jax.sharding.PartitionSpec


def _sharding(devices):
  mesh = jax.sharding.Mesh(np.array(jax.devices()[:devices]), ('data',))
  return jax.sharding.NamedSharding(mesh, _P('data'))


def test_processes_make_disjoint_parts_that_cover_the_batch():
  parts = [streams.local_positions(12, None, i, 3) for i in range(3)]
  np.testing.assert_array_equal(np.concatenate(parts), np.arange(12))
  assert [len(part) for part in parts] == [4, 4, 4]


def test_a_lone_process_makes_the_whole_batch():
  np.testing.assert_array_equal(
      streams.local_positions(8, _sharding(8)), np.arange(8)
  )
  np.testing.assert_array_equal(streams.local_positions(3, None), np.arange(3))


def test_a_batch_that_cannot_be_divided_is_refused():
  with pytest.raises(ValueError, match=r'batch of 12 .* over 8 devices'):
    streams.local_positions(12, _sharding(8))
  with pytest.raises(ValueError, match=r'batch of 12 .* over 5 processes'):
    streams.local_positions(12, None, 0, 5)
  with pytest.raises(ValueError, match=r'over 2 processes, .* number 2'):
    streams.local_positions(12, None, 2, 2)


def test_an_array_that_is_on_all_devices_is_not_copied(rng):
  sharding = _sharding(4)
  there = streams.replicated(rng.random((3, 2)), sharding)
  assert there.sharding.is_fully_replicated
  assert streams.replicated(there, sharding) is there


def test_indices_are_checked():
  labels = np.zeros(5, np.int32)
  np.testing.assert_array_equal(
      streams.check_indices(None, 5, labels), np.arange(5)
  )
  with pytest.raises(ValueError, match=r'Index 5 is out of range; .* 5 images'):
    streams.check_indices([0, 5], 5, labels)
  with pytest.raises(ValueError, match='Index -1 is out of range'):
    streams.check_indices([-1], 5, labels)
  with pytest.raises(ValueError, match='non-empty vector of integers'):
    streams.check_indices(np.zeros(0, int), 5, labels)
  with pytest.raises(ValueError, match=r'5 images, labels have the shape \(4,'):
    streams.check_indices(None, 5, labels[:4])


def _slow(seconds):
  while True:
    time.sleep(seconds)
    yield types.Batch(None, None)


def test_the_share_of_time_spent_waiting_is_measured_and_starts_anew():
  batches = streams.Batches(_slow(0.02))
  next(batches)
  time.sleep(0.06)
  assert 0.02 <= batches.waited < 0.06
  assert 0.05 < batches.share() < 0.6
  assert batches.waited == 0.0
  time.sleep(0.01)
  assert batches.share() == 0.0
  next(batches)
  assert batches.share() > 0.5


def test_workers_are_stopped_when_batches_are_closed_or_forgotten():
  closed = []
  batches = streams.Batches(_slow(0), close=lambda: closed.append(1))
  batches.close()
  batches.close()
  assert closed == [1]
  batches = streams.Batches(_slow(0), close=lambda: closed.append(2))
  del batches
  assert closed == [1, 2]


def test_an_epoch_need_not_be_a_whole_number_of_steps():
  stream = streams.Stream(lambda step: None, num_examples=10, batch_size=4)
  assert stream.steps_per_epoch == 2.5
