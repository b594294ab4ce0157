"""Which images make up a batch."""

import pickle

import numpy as np
import pytest

from lsl_jax.data.streaming import episode_order, order


def test_every_epoch_visits_every_example_once_in_another_order():
  epochs = order.Epochs(num_examples=10, batch_size=4, seed=1)
  visits = np.concatenate([epochs(step) for step in range(5)]).reshape(2, 10)
  np.testing.assert_array_equal(np.sort(visits), [np.arange(10)] * 2)
  assert not np.array_equal(visits[0], visits[1])


def test_a_batch_may_be_larger_than_the_data_set():
  batch = order.Epochs(num_examples=3, batch_size=7, seed=0)(2)
  # Visits 14 .. 20 are the last of epoch 4 and all of epochs 5 and 6.
  assert batch.shape == (7,)
  np.testing.assert_array_equal(np.sort(batch[1:4]), [0, 1, 2])
  np.testing.assert_array_equal(np.sort(batch[4:]), [0, 1, 2])


def test_the_order_depends_on_the_seed_and_nothing_else():
  first, again, other = (order.Epochs(50, 20, seed) for seed in (1, 1, 2))
  np.testing.assert_array_equal(first(7), again(7))
  assert not np.array_equal(first(7), other(7))


def test_the_order_is_the_same_on_every_machine():
  # Recorded once: a change would give runs of old another order.
  epoch = order.Epochs(8, 8, 0)(0)
  np.testing.assert_array_equal(epoch, [7, 2, 0, 4, 3, 5, 6, 1])
  balanced = order.Balanced(np.array([0, 0, 0, 1]), 8, 0)(3)
  np.testing.assert_array_equal(balanced, [3, 1, 3, 1, 0, 2, 3, 3])


def test_positions_of_an_epoch_are_uniform():
  firsts = [order.epoch_order(5, 0, epoch)[0] for epoch in range(1000)]
  counts = np.bincount(firsts, minlength=5)
  # 200 expected of each; the standard deviation is 13.
  assert counts.min() > 130 and counts.max() < 270, counts


def test_classes_are_equally_likely_however_many_images_they_have():
  labels = np.array([7] * 90 + [3] * 9 + [100])
  balanced = order.Balanced(labels, 100, seed=0)
  drawn = np.concatenate([balanced(step) for step in range(30)])
  classes, counts = np.unique(labels[drawn], return_counts=True)
  np.testing.assert_array_equal(classes, [3, 7, 100])
  # 1000 expected of each; the standard deviation is 26.
  assert np.all(np.abs(counts - 1000) < 150), counts
  members = np.bincount(drawn, minlength=100)[90:99]
  # 111 expected of each image of class 3; the standard deviation is 10.
  assert members.min() > 60 and members.max() < 170, members


def test_balanced_batches_depend_on_seed_and_step_alone():
  labels = np.arange(60) % 7
  balanced = order.Balanced(labels, 16, seed=4)
  np.testing.assert_array_equal(balanced(9), order.Balanced(labels, 16, 4)(9))
  assert not np.array_equal(balanced(9), balanced(10))
  assert not np.array_equal(balanced(9), order.Balanced(labels, 16, 5)(9))


def test_pairs_are_two_different_images_of_one_class():
  labels = np.array([0] * 5 + [1] * 2 + [2])
  pairs = order.make_order('pairs', labels, batch_size=9, seed=0)
  drawn = np.stack([pairs(step) for step in range(200)])
  first, second = drawn[:, 0:8:2], drawn[:, 1:8:2]
  np.testing.assert_array_equal(labels[first], labels[second])
  alone = labels[first] == 2
  np.testing.assert_array_equal(first == second, alone)
  counts = np.bincount(labels[drawn].ravel(), minlength=3)
  # 600 expected of each; pairs make the standard deviation 28.
  assert np.all(np.abs(counts - 600) < 160), counts
  # Every ordered pair of the five images: 13 expected of each of 20.
  five = {
      (a, b) for a, b in np.stack([first, second], -1).reshape(-1, 2) if a < 5
  }
  assert len(five) == 20


def test_an_order_can_be_sent_to_a_worker():
  episodes = episode_order.EpisodeSampling(way=2, shots=1, queries=1, tasks=1)
  for sampling in ('epoch', 'balanced', 'pairs', episodes):
    made = order.make_order(sampling, np.arange(9) % 2, batch_size=4, seed=0)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(made))(5), made(5))


def test_refuses_what_cannot_be_drawn():
  with pytest.raises(ValueError, match="unknown sampling 'balance'; did you"):
    order.make_order('balance', np.arange(3), batch_size=1, seed=0)
  with pytest.raises(ValueError, match='got 0 examples, batch size 4'):
    order.Epochs(0, 4, 0)
  with pytest.raises(ValueError, match='got 3 examples, batch size 0'):
    order.Balanced(np.arange(3), 0, 0)
  with pytest.raises(ValueError, match='start at 0; got seed -1'):
    order.Epochs(5, 2, -1)(0)
