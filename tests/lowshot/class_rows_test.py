"""Random rows of classes: membership, uniformity, no repetition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.lowshot import class_rows

LABELS = jnp.array([2, 0, 2, 2, 0, 3])  # class 1 has none
ROWS = class_rows.class_rows(LABELS, 4)


def test_rows_are_sorted_by_class_in_their_own_order():
  assert ROWS.order.tolist() == [1, 4, 0, 2, 3, 5]
  assert ROWS.starts.tolist() == [0, 2, 2, 5]
  assert ROWS.counts.tolist() == [2, 0, 3, 1]


def test_rows_of_the_classes_asked_for_are_drawn_uniformly():
  classes = jnp.repeat(jnp.array([2, 0]), 3000)
  rows = class_rows.uniform_rows(jax.random.key(0), ROWS, classes)
  counts = np.bincount(rows, minlength=6)
  # Standard deviations are 26 and 27.
  np.testing.assert_allclose(counts[[0, 2, 3]], 1000, atol=110)
  np.testing.assert_allclose(counts[[1, 4]], 1500, atol=110)
  assert not counts[5]


def test_distinct_rows_are_all_orders_of_a_class_equally_often():
  keys = jax.random.split(jax.random.key(0), 2400)
  draw = lambda key: class_rows.distinct_rows(key, ROWS, 3)
  rows, exists = jax.jit(jax.vmap(draw))(keys)
  assert exists.sum(2).tolist() == 2400 * [[2, 0, 3, 1]]
  orders, counts = np.unique(rows[:, 2], axis=0, return_counts=True)
  assert sorted(map(tuple, orders.tolist())) == [
      (0, 2, 3),
      (0, 3, 2),
      (2, 0, 3),
      (2, 3, 0),
      (3, 0, 2),
      (3, 2, 0),
  ]
  np.testing.assert_allclose(counts, 400, atol=75)  # deviation 18
  assert sorted(rows[0, 0, :2].tolist()) == [1, 4]
  assert rows[0, 3, 0] == 5


@pytest.mark.parametrize(('total', 'number'), [(9, 4), (9, 9), (100, 3)])
def test_distinct_integers_differ_and_are_uniform(total, number):
  keys = jax.random.split(jax.random.key(1), 3000)
  draw = lambda key: class_rows.distinct(key, total, number)
  draws = jax.jit(jax.vmap(draw))(keys)
  ordered = np.sort(draws, axis=1)
  assert (ordered[:, 1:] > ordered[:, :-1]).all()
  counts = np.bincount(ordered.reshape(-1), minlength=total)
  assert len(counts) == total
  expected = 3000 * number / total
  np.testing.assert_allclose(counts, expected, atol=6 * expected**0.5)


def test_of_too_few_integers_draws_repeat():
  draws = class_rows.distinct(jax.random.key(0), 2, 50)
  assert sorted(set(draws.tolist())) == [0, 1]
