"""Episodes as batches."""

import pickle

import numpy as np
import pytest

from lsl_jax import data
from lsl_jax.data.streaming import order


@pytest.fixture
def labels():
  """Six classes of 5 to 10 images, shuffled."""
  found = np.repeat([3, 4, 5, 8, 9, 11], [5, 6, 7, 8, 9, 10])
  return np.random.default_rng(0).permutation(found)


SIZES = data.EpisodeSampling(way=4, shots=2, queries=3, tasks=2)


def _order(labels, seed=0):
  return order.make_order(SIZES, labels, batch_size=40, seed=seed)


def test_a_batch_is_whole_episodes_of_different_classes_and_images(labels):
  assert SIZES.batch_size == 40
  for step in range(20):
    episodes = _order(labels)(step).reshape(2, 4, 5)
    classes = labels[episodes]
    assert (classes == classes[..., :1]).all()
    for episode in range(2):
      assert len(set(classes[episode, :, 0])) == 4
      assert len(set(episodes[episode].ravel())) == 20


def test_classes_places_and_images_are_equally_likely(labels):
  drawn = np.stack([_order(labels)(step) for step in range(600)])
  firsts = labels[drawn.reshape(-1, 5)[:, 0]].reshape(-1, 4)
  for place in range(4):
    counts = np.unique(firsts[:, place], return_counts=True)[1]
    # 200 expected of each of six; the standard deviation is 13.
    assert len(counts) == 6 and counts.min() > 140 and counts.max() < 260
  members = np.flatnonzero(labels == 11)
  supports = drawn.reshape(-1, 5)[:, :2]
  counts = np.bincount(supports[np.isin(supports, members)])[members]
  # 160 expected of each of the ten.
  assert counts.min() > 110 and counts.max() < 210


def test_batches_depend_on_seed_and_step_alone(labels):
  np.testing.assert_array_equal(_order(labels)(9), _order(labels)(9))
  assert not np.array_equal(_order(labels)(9), _order(labels)(10))
  assert not np.array_equal(_order(labels)(9), _order(labels, seed=1)(9))
  again = pickle.loads(pickle.dumps(_order(labels)))
  np.testing.assert_array_equal(again(3), _order(labels)(3))


def test_the_draws_are_the_same_on_every_machine():
  # Recorded once: a change would give runs of old other tasks.
  sizes = data.EpisodeSampling(way=2, shots=1, queries=1, tasks=1)
  episodes = order.make_order(sizes, np.arange(12) % 3, batch_size=4, seed=0)
  np.testing.assert_array_equal(episodes(5), RECORDED)


RECORDED = [2, 8, 9, 6]


def test_what_cannot_be_drawn_is_refused(labels):
  with pytest.raises(ValueError, match='batch of 41 is not what'):
    order.make_order(SIZES, labels, batch_size=41, seed=0)
  with pytest.raises(ValueError, match='4-way episodes need 4 classes'):
    order.make_order(SIZES, np.arange(30) % 3, batch_size=40, seed=0)
  with pytest.raises(ValueError, match=r'Class 3 has 4 images, 2 shots \+ 3 q'):
    short = np.concatenate([[3] * 4, np.repeat([4, 5, 8], 9)])
    order.make_order(SIZES, short, batch_size=40, seed=0)
  with pytest.raises(ValueError, match='queries must be at least 1'):
    data.EpisodeSampling(way=4, shots=2, queries=0, tasks=2)
  with pytest.raises(ValueError, match="'episodes' must tell the sizes"):
    order.make_order('episodes', labels, batch_size=40, seed=0)


def test_streams_of_both_kinds_give_the_same_tasks_and_resume(labels):
  images = np.zeros((len(labels), 4, 4, 3), np.uint8)
  images[..., 0, 0, 0] = np.arange(len(labels))
  options = {'batch_size': 40, 'seed': 0, 'sampling': SIZES}
  expected = _order(labels)(1)
  for make, more in (
      (data.in_memory, {}),
      (data.streamed, {'threads': 1, 'buffer': 1}),
  ):
    stream = make(images, labels, **options, **more)
    batches = stream.batches(0)
    next(batches)
    for batch in (next(batches), next(stream.batches(1))):
      found = np.rint(np.asarray(batch.images)[:, 0, 0, 0] * 127.5 + 127.5)
      np.testing.assert_array_equal(found, expected)
      np.testing.assert_array_equal(batch.labels, labels[expected])
    batches.close()
