"""One device = eight under jit = eight under pmap, under plain SGD."""

import jax
import numpy as np
import pytest

from lsl_jax import training
from lsl_jax.training import executor as executor_lib
from lsl_jax.training import sharding


@pytest.fixture(scope='module')
def one_device(tiny):
  return tiny.fit()


@pytest.mark.parametrize('name', ['jit', 'pmap'])
def test_eight_devices_end_where_one_does(tiny, assert_close, one_device, name):
  assert_close(tiny.fit(name, devices=8), one_device, atol=2e-6)


def test_batch_statistics_are_those_of_the_global_batch(tiny):
  # A part of the batch has other statistics, so this would fail with its own.
  state = tiny.variables()
  images = tiny.batch(0).images
  _, new = tiny.Net().apply(state, images, True, mutable=['batch_stats'])
  _, part = tiny.Net().apply(state, images[:2], True, mutable=['batch_stats'])
  mean = lambda tree: tree['batch_stats']['norm']['mean']
  assert np.max(np.abs(mean(new) - mean(part))) > 1e-3
  for name in training.EXECUTORS:
    after = tiny.fit(name, devices=8, num_steps=1)
    np.testing.assert_allclose(mean(after.model_state), mean(new), atol=1e-7)


@pytest.mark.parametrize('name', ['jit', 'pmap'])
def test_a_step_is_traced_once_in_a_run(tiny, name):
  calls = []
  tiny.fit(name, devices=2, calls=calls, num_steps=5)
  assert len(calls) == 1


@pytest.mark.parametrize('name', ['jit', 'pmap'])
def test_running_consumes_what_it_was_given_and_not_the_hosts_copy(tiny, name):
  executor, state = tiny.make(name, devices=2)
  host = executor.fetch(executor.put_state(state))
  before = jax.tree.map(np.copy, host)
  placed = executor.put_state(host)
  key = executor.put_state(jax.random.key(0))
  after, _ = executor.run(placed, executor.put_batch(tiny.batch(0)), key)
  fetched = executor.fetch(after)
  kept = jax.tree.map(np.copy, fetched)
  jax.block_until_ready(
      executor.run(after, executor.put_batch(tiny.batch(1)), key)
  )
  assert jax.tree.leaves(placed.params)[0].is_deleted()
  jax.tree.map(np.testing.assert_array_equal, host, before)
  jax.tree.map(np.testing.assert_array_equal, fetched, kept)


@pytest.mark.parametrize('name', ['jit', 'pmap'])
def test_a_batch_that_cannot_be_divided_is_refused(tiny, name):
  executor, _ = tiny.make(name, devices=8)
  batch = jax.tree.map(lambda leaf: leaf[:12], tiny.batch(0))
  with pytest.raises(ValueError, match=r'12 examples .* among 8 devices'):
    executor.put_batch(batch)


def test_batches_may_already_be_on_a_device(tiny, assert_close, one_device):
  on_device = lambda start: map(jax.device_put, tiny.batches(start))
  for name in training.EXECUTORS:
    actual = tiny.fit(name, devices=2, batches=on_device)
    assert_close(actual, one_device, atol=2e-6)


def test_a_wrong_name_prints_the_valid_ones(tiny):
  with pytest.raises(ValueError, match=r"executor 'xmap'. Valid: jit, pmap"):
    executor_lib.make('xmap', tiny.make_loss(), None)


def test_a_replicated_tree_is_whole_on_every_device():
  mesh = sharding.mesh(jax.devices()[:4])
  tree = {'a': np.arange(6.0).reshape(2, 3), 'key': jax.random.key(3)}
  placed = sharding.replicate(tree, mesh)
  assert len(placed['a'].addressable_shards) == 4
  for shard in placed['a'].addressable_shards:
    np.testing.assert_array_equal(shard.data, tree['a'])
  assert placed['key'] == tree['key']


def test_a_divided_batch_keeps_its_rows_in_order():
  mesh = sharding.mesh(jax.devices()[:4])
  rows = np.arange(8)
  placed = sharding.divide(rows, mesh)
  assert [list(s.data) for s in placed.addressable_shards] == [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
  ]
