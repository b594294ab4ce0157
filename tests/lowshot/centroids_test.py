import jax
import numpy as np
import pytest

from lsl_jax import lowshot, ops


def _of_class(features, labels, c, **options):
  own = features[labels == c]
  return ops.kmeans(jax.random.fold_in(jax.random.key(0), c), own, **options)


def test_classes_are_clustered_as_if_each_were_alone(rng):
  labels = rng.permutation(np.repeat(np.arange(5), [12, 9, 12, 7, 11]))
  centres = 8 * rng.normal(size=(5, 3, 4))
  features = centres[labels, rng.integers(0, 3, len(labels))]
  features = (features + 0.1 * rng.normal(size=features.shape)).astype('f')
  found = lowshot.class_centroids(
      jax.random.key(0),
      features,
      labels,
      num_classes=5,
      num_centroids=3,
      at_once=2,
  )
  assert found.shape == (5, 3, 4)
  for c in range(5):
    # Well apart, so that padding, which changes random numbers, changes none.
    alone = _of_class(features, labels, c, num_centroids=3).centroids
    key = lambda rows: rows[np.lexsort(rows.round(2).T)]
    np.testing.assert_allclose(key(found[c]), key(np.asarray(alone)), atol=1e-4)


def test_a_class_without_examples_is_named():
  with pytest.raises(ValueError, match='class 1 has no example'):
    lowshot.class_centroids(
        jax.random.key(0),
        np.ones((2, 3), np.float32),
        np.array([0, 2]),
        num_classes=3,
        num_centroids=1,
    )
