import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, types

KEY = jax.random.key(0)


def _oracle(base, base_labels, support, labels, query):
  """Minus the squared distances to means, one class at a time."""
  scores = []
  for rows, own, number in ((base, base_labels, 2), (support, labels, 3)):
    for c in range(number):
      members = [row.astype(np.float64) for row in rows[own == c]]
      mean = sum(members) / len(members)
      scores.append(-sum((query - mean) ** 2))
  return scores


def test_scores_are_distances_to_the_means_of_both_groups(rng):
  base, support, queries = (
      rng.normal(size=(n, 4)).astype(np.float32) for n in (7, 9, 5)
  )
  base_labels = np.array([0, 1, 0, 0, 1, 1, 0])
  labels = np.arange(9) % 3
  learner = lowshot.nearest_mean()
  fitted = learner.fit(
      KEY,
      types.Base(
          jnp.zeros((2, 4)), jnp.asarray(base), jnp.asarray(base_labels)
      ),
      types.Support(jnp.asarray(support), jnp.asarray(labels), 3),
  )
  got = learner.predict(fitted, jnp.asarray(queries).reshape(1, 5, 4))
  expected = [
      _oracle(base, base_labels, support, labels, query.astype(np.float64))
      for query in queries
  ]
  np.testing.assert_allclose(got[0], expected, rtol=1e-4, atol=1e-4)


def test_views_count_as_examples_and_no_base_classes_are_none(rng):
  views = jnp.asarray(rng.normal(size=(4, 2, 3)), jnp.float32)
  labels = jnp.array([0, 1, 0, 1])
  learner = lowshot.nearest_mean()
  empty = types.Base(jnp.zeros((0, 3)))
  means = learner.fit(KEY, empty, types.Support(views, labels, 2))
  np.testing.assert_allclose(
      means[1], np.asarray(views)[[1, 3]].reshape(4, 3).mean(0), rtol=1e-5
  )


def test_base_classes_without_examples_are_refused():
  support = types.Support(jnp.ones((1, 3)), jnp.array([0]), 1)
  with pytest.raises(ValueError, match=r'base\.features'):
    lowshot.nearest_mean().fit(KEY, types.Base(jnp.ones((2, 3))), support)
