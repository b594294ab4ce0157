"""Centroids of every base class, all classes as one program.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 4.1.
"""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import ops, types


def class_centroids(
    key: types.Key,
    features: np.ndarray,
    labels: np.ndarray,
    *,
    num_classes: int,
    num_centroids: int = 100,
    iterations: int = 20,
    variant: str = 'standard',
    at_once: int = 8,
) -> np.ndarray:
  """Clusters the features of each class by itself.

  Classes are padded to the largest one and clustered by `ops.kmeans`, some of
  them at a time, in one compiled program.

  Args:
    key: class c gets `fold_in(key, c)`.
    features: `[M, D]`, on the host.
    labels: `[M]` int in 0 .. num_classes - 1, at least one of each.
    num_classes: C.
    num_centroids: K of each class.
    iterations: of k-means.
    variant: of `ops.kmeans`; 'authors' is that of the paper's code.
    at_once: classes that are in memory at a time.

  Returns:
    `[C, K, D]` float32.

  Raises:
    ValueError: a class has no example.
  """
  chex.assert_rank([features, labels], [2, 1])
  counts = np.bincount(labels, minlength=num_classes)
  if not counts.all():
    raise ValueError(
        f'class {int(np.argmin(counts))} has no example to cluster'
    )
  order = np.argsort(labels, kind='stable')
  starts = np.cumsum(counts) - counts
  place = np.arange(counts.max())
  rows = order[np.minimum(starts[:, None] + place[None], len(labels) - 1)]
  weights = (place[None] < counts[:, None]).astype(np.float32)
  keys = jax.vmap(functools.partial(jax.random.fold_in, key))(
      jnp.arange(num_classes)
  )
  found = []
  for start in range(0, num_classes, at_once):
    # The last group is filled up with classes that are done already.
    some = np.minimum(np.arange(start, start + at_once), num_classes - 1)
    centroids = _cluster(
        keys[some],
        np.asarray(features[rows[some]], np.float32),
        weights[some],
        num_centroids=num_centroids,
        iterations=iterations,
        variant=variant,
    )
    found.append(np.asarray(centroids)[: num_classes - start])
  return np.concatenate(found)


@functools.partial(
    jax.jit, static_argnames=('num_centroids', 'iterations', 'variant')
)
def _cluster(keys, points, weights, **options):
  def one(key, points, weights):
    return ops.kmeans(key, points, weights=weights, **options).centroids

  return jax.vmap(one)(keys, points, weights)
