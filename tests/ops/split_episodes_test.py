"""Batches seen as episodes."""

import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import ops


def test_rows_lie_by_episode_class_and_support_before_queries():
  shape = ops.EpisodeShape(way=2, shots=2, queries=3)
  rows, labels, expected = [], [], []
  for episode, classes in enumerate([(5, 1), (0, 4), (9, 5)]):
    for c in classes:
      for image in range(5):
        rows.append((episode, c, image))
        labels.append(c)
    expected.append(classes)
  split = ops.split_episodes(jnp.array(rows), jnp.array(labels), shape)
  np.testing.assert_array_equal(split.classes, expected)
  for e, classes in enumerate(expected):
    for n, c in enumerate(classes):
      np.testing.assert_array_equal(
          split.support[e, n], [(e, c, image) for image in (0, 1)]
      )
    queries = [(e, c, image) for c in classes for image in (2, 3, 4)]
    np.testing.assert_array_equal(split.queries[e], queries)
  np.testing.assert_array_equal(split.labels, [[0, 0, 0, 1, 1, 1]] * 3)


@pytest.mark.parametrize('rows', [0, 5, 15])
def test_half_an_episode_is_refused(rows):
  shape = ops.EpisodeShape(way=2, shots=2, queries=3)
  with pytest.raises(ValueError, match=f'{rows} rows are no whole number of 2'):
    ops.split_episodes(jnp.zeros((rows, 1)), jnp.zeros(rows, int), shape)
