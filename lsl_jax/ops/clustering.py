"""k-means of fixed length and shape, so that all classes run as one program."""

import functools
from typing import Literal, NamedTuple

import chex
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity
from lsl_jax.types import Key


class Clusters(NamedTuple):
  """What k-means found.

  Attributes:
    centroids: `[K, D]`, in feature units.
    assignment: `[M]` int32, the nearest centroid of every point.
    inertia: weighted sum of squared distances to the nearest centroid, a
      scalar in squared feature units.
  """

  centroids: jax.Array
  assignment: jax.Array
  inertia: jax.Array


@functools.partial(
    jax.jit, static_argnames=('num_centroids', 'iterations', 'variant')
)
def kmeans(
    key: Key,
    points: jax.Array,
    *,
    num_centroids: int,
    iterations: int = 20,
    weights: jax.Array | None = None,
    variant: Literal['standard', 'authors'] = 'standard',
) -> Clusters:
  r"""Clusters points around their means.

  .. math:: \min_{c_1, \dots, c_K} \sum_i w_i \min_k \lVert x_i - c_k \rVert^2

  `standard` starts with greedy k-means++ and moves a centroid that has lost its
  points onto one of the points farthest from their own. `authors` starts with
  random directions of length one, whatever the scale of the points; a centroid
  that loses its points stays, one that never had any is put on a random point
  after each iteration. Both do all `iterations` on all points.

  Every array has a fixed shape, so classes of different sizes are padded to
  one, with weight zero, and clustered by `jax.vmap` over keys, points and
  weights. Where there are fewer different points than centroids, some
  centroids coincide. Without any weight the centroids mean nothing, but they
  are finite.

  Args:
    key: of the random start.
    points: :math:`x`, `[M, D]`; what a row of weight zero holds has an
      effect on its own assignment alone.
    num_centroids: K; static.
    iterations: how often centroids are moved; static.
    weights: :math:`w`, `[M]`, not negative, or a mask; all ones if absent.
    variant: `standard` or `authors`; static.

  Returns:
    Centroids, assignment and inertia, the latter two of the final centroids.

  Raises:
    ValueError: for another variant or a number that is out of range.

  References:
    Hariharan, Girshick. Low-shot visual recognition by shrinking and
    hallucinating features. ICCV 2017, section 4.1; `authors` is the clustering
    in the code that they released.
    Arthur, Vassilvitskii. k-means++: the advantages of careful seeding. SODA
    2007 (of several candidates for a start, greedy takes the best).

  >>> points = jnp.array([[0.0], [2.0], [10.0]])
  >>> found = kmeans(jax.random.key(0), points, num_centroids=2)
  >>> sorted(found.centroids[:, 0].tolist()), found.inertia
  ([1.0, 10.0], Array(2., dtype=float32))
  """
  chex.assert_rank(points, 2)
  if variant not in ('standard', 'authors'):
    raise ValueError(
        f"variant must be 'standard' or 'authors', not {variant!r}"
    )
  if num_centroids < 1 or iterations < 0 or not len(points):
    raise ValueError(
        'k-means needs at least one centroid and one point, and no negative'
        f' number of iterations; got {num_centroids} centroids, {len(points)}'
        f' points, {iterations} iterations'
    )
  if weights is None:
    weights = jnp.ones(len(points), jnp.float32)
  chex.assert_shape(weights, points.shape[:1])
  weights = weights.astype(jnp.float32)
  given = points.astype(jnp.float32)
  points = jnp.where(weights[:, None] > 0, given, 0)
  if variant == 'standard':
    # Around their mean, points are small, and the squares cancel less.
    mean = (weights @ points / jnp.maximum(jnp.sum(weights), 1e-30))[None]
    centred = points - mean
    start = _spread_start(key, centred, weights, num_centroids)
    centroids = _lloyd(centred, weights, start, iterations) + mean
  else:
    centroids = _authors(key, points, weights, num_centroids, iterations)
  assignment, _ = _nearest(given, centroids)
  distances = jnp.sum(jnp.square(points - centroids[assignment]), -1)
  return Clusters(centroids, assignment, weights @ distances)


def _nearest(
    points: jax.Array, centroids: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """The nearest centroid of every point, and its squared distance."""
  distances = similarity.squared_distances(points, centroids)
  return jnp.argmin(distances, 1).astype(jnp.int32), jnp.min(distances, 1)


def _means(
    points: jax.Array, weights: jax.Array, assignment: jax.Array, fallback
) -> tuple[jax.Array, jax.Array]:
  """Means of the clusters, `fallback` where one is empty, and their weights."""
  # A product with a one-hot matrix is faster than adding rows one by one.
  members = jax.nn.one_hot(assignment, len(fallback)) * weights[:, None]
  sums = jnp.matmul(members.T, points, precision=jax.lax.Precision.HIGHEST)
  totals = jnp.sum(members, 0)
  means = sums / jnp.where(totals > 0, totals, 1)[:, None]
  return jnp.where(totals[:, None] > 0, means, fallback), totals


def _draw(
    key: Key, mass: jax.Array, weights: jax.Array, count: int
) -> jax.Array:
  """Indices of points, as probable as their mass, or weight where none has."""
  mass = jnp.where(jnp.any(mass > 0), mass, weights)
  return jax.random.categorical(key, jnp.log(mass), shape=(count,))


def _spread_start(
    key: Key, points: jax.Array, weights: jax.Array, count: int
) -> jax.Array:
  """Greedy k-means++: of some probable points, the one that helps the most."""
  candidates = 2 + count.bit_length()

  def add(carry, key):
    closest, is_first = carry
    mass = jnp.where(is_first, weights, weights * closest)
    drawn = points[_draw(key, mass, weights, candidates)]
    distances = similarity.squared_distances(points, drawn)
    closest = jnp.minimum(closest[:, None], distances)
    # The first point is a plain draw: the best of several is too central.
    best = jnp.where(is_first, 0, jnp.argmin(weights @ closest))
    return (closest[:, best], jnp.array(False)), drawn[best]

  start = jnp.full(len(points), jnp.inf), jnp.array(True)
  return jax.lax.scan(add, start, jax.random.split(key, count))[1]


def _lloyd(
    points: jax.Array, weights: jax.Array, start: jax.Array, iterations: int
) -> jax.Array:
  """Assigns and averages; a cluster that is empty gets a distant point."""
  count = min(len(start), len(points))

  def move(centroids, _):
    assignment, distances = _nearest(points, centroids)
    means, totals = _means(points, weights, assignment, centroids)
    error, farthest = jax.lax.top_k(distances * (weights > 0), count)
    empty = totals == 0
    rank = jnp.cumsum(empty) - 1
    place = jnp.clip(rank, 0, count - 1)
    moves = empty & (rank < count) & (error[place] > 0)
    return jnp.where(moves[:, None], points[farthest[place]], means), None

  return jax.lax.scan(move, start, None, iterations)[0]


def _authors(
    key: Key, points: jax.Array, weights: jax.Array, count: int, iterations: int
) -> jax.Array:
  """The released code's rules; see `kmeans`."""
  first, *keys = jax.random.split(key, iterations + 1)
  start = jax.random.normal(first, (count, points.shape[1]))
  start /= jnp.linalg.norm(start, axis=1, keepdims=True)

  def move(carry, key):
    centroids, ever = carry
    lengths = jnp.sum(jnp.square(centroids), 1) / 2
    products = jnp.matmul(
        points, centroids.T, precision=jax.lax.Precision.HIGHEST
    )
    assignment = jnp.argmax(products - lengths[None], 1)
    means, totals = _means(points, weights, assignment, centroids)
    ever = ever | (totals > 0)
    seeds = points[_draw(key, weights, weights, count)]
    return (jnp.where(ever[:, None], means, seeds), ever), None

  ever = jnp.zeros(count, bool)
  if not keys:
    return start
  return jax.lax.scan(move, (start, ever), jnp.stack(keys))[0][0]
