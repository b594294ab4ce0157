"""k-means against scikit-learn, and against the released code's rules."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import cluster

from lsl_jax import ops


def _blobs(rng, size=300, dimensions=16):
  """Features as a network gives them: never negative, in a few clumps."""
  centres = rng.normal(size=(12, dimensions))
  points = centres[rng.integers(0, 12, size)]
  points = points + 0.5 * rng.normal(size=points.shape)
  return np.maximum(points, 0).astype(np.float32)


def _inertia(points, centroids, weights):
  total = 0.0
  for x, w in zip(points, weights, strict=True):
    total += w * min(np.sum((x - c) ** 2) for c in centroids)
  return total


def _check(found, points, weights):
  """Assignment and inertia are those of the centroids."""
  points = np.asarray(points, np.float64)
  centroids = np.asarray(found.centroids, np.float64)
  distances = ((points[:, None] - centroids) ** 2).sum(-1)
  own = distances[np.arange(len(points)), np.asarray(found.assignment)]
  np.testing.assert_allclose(own, distances.min(1), rtol=1e-3, atol=1e-4)
  expected = _inertia(points, centroids, weights)
  np.testing.assert_allclose(found.inertia, expected, rtol=1e-4, atol=1e-6)


def test_inertia_is_within_a_hundredth_of_scikit_learns(rng):
  num_centroids = 20
  sets = np.stack([_blobs(rng) for _ in range(4)])
  keys = jax.random.split(jax.random.key(0), (8, 4))
  fit = functools.partial(ops.kmeans, num_centroids=num_centroids)
  found = jax.vmap(jax.vmap(fit), in_axes=(0, None))(keys, jnp.asarray(sets))
  expected = [
      [
          cluster.KMeans(
              num_centroids, n_init=1, max_iter=20, random_state=seed
          )
          .fit(points)
          .inertia_
          for points in sets
      ]
      for seed in range(8)
  ]
  # The best of eight starts, and their mean: neither has luck in its favour.
  for summary in (np.min, np.mean):
    ratio = summary(found.inertia, 0) / summary(expected, 0)
    assert np.mean(ratio) < 1.01


def test_iterations_never_raise_the_inertia(rng):
  points = jnp.asarray(_blobs(rng))
  inertia = [
      float(
          ops.kmeans(
              jax.random.key(1), points, num_centroids=9, iterations=n
          ).inertia
      )
      for n in (0, 2, 20)
  ]
  assert inertia == sorted(inertia, reverse=True)
  assert inertia[-1] < 0.95 * inertia[0]


@pytest.mark.parametrize('variant', ['standard', 'authors'])
def test_assignment_and_inertia_belong_to_the_centroids(rng, variant):
  points = _blobs(rng, 60, 5)
  weights = rng.integers(0, 4, 60).astype(np.float32)
  found = ops.kmeans(
      jax.random.key(0),
      jnp.asarray(points),
      num_centroids=7,
      weights=jnp.asarray(weights),
      variant=variant,
  )
  assert found.centroids.shape == (7, 5)
  assert found.assignment.dtype == jnp.int32
  _check(found, points, weights)


@pytest.mark.parametrize('variant', ['standard', 'authors'])
def test_centroids_are_the_weighted_means_of_their_points(rng, variant):
  points = _blobs(rng, 60, 5)
  weights = rng.uniform(0.5, 2, 60).astype(np.float32)
  found = ops.kmeans(
      jax.random.key(3),
      jnp.asarray(points),
      num_centroids=4,
      iterations=60,
      weights=jnp.asarray(weights),
      variant=variant,
  )
  owners = set(np.asarray(found.assignment).tolist())
  assert len(owners) > 1
  for k in owners:
    own = found.assignment == k
    mean = np.average(points[own], axis=0, weights=weights[own])
    np.testing.assert_allclose(found.centroids[k], mean, atol=1e-5)


def test_whole_weights_are_repetitions():
  points = np.array([[0.0, 0], [1, 0], [9, 0], [9, 1]], np.float32)
  weights = np.array([3, 1, 1, 2])
  fit = functools.partial(ops.kmeans, jax.random.key(0), num_centroids=2)
  weighted = fit(jnp.asarray(points), weights=jnp.asarray(weights))
  repeated = fit(jnp.asarray(np.repeat(points, weights, axis=0)))
  np.testing.assert_allclose(weighted.inertia, repeated.inertia, rtol=1e-6)
  np.testing.assert_allclose(
      np.sort(weighted.centroids, 0), np.sort(repeated.centroids, 0), atol=1e-6
  )


@pytest.mark.parametrize('variant', ['standard', 'authors'])
def test_what_padding_holds_has_no_effect(rng, variant):
  points = _blobs(rng, 50, 4)
  mask = jnp.arange(50) < 30
  fit = functools.partial(
      ops.kmeans, jax.random.key(0), num_centroids=6, variant=variant
  )
  zeros = fit(jnp.asarray(points).at[30:].set(0), weights=mask)
  nonsense = fit(jnp.asarray(points).at[30:].set(jnp.nan), weights=mask)
  np.testing.assert_array_equal(zeros.centroids, nonsense.centroids)
  np.testing.assert_array_equal(zeros.inertia, nonsense.inertia)
  assert np.isfinite(zeros.centroids).all()
  _check(zeros, np.where(mask[:, None], points, 0), np.asarray(mask))


@pytest.mark.parametrize('variant', ['standard', 'authors'])
def test_classes_of_different_sizes_run_as_one_program(rng, variant):
  points = jnp.asarray(np.stack([_blobs(rng, 40, 4) for _ in range(3)]))
  weights = jnp.arange(40)[None] < jnp.array([[40], [25], [3]])
  keys = jax.random.split(jax.random.key(0), 3)

  def fit(key, points, weights):
    return ops.kmeans(
        key, points, num_centroids=5, weights=weights, variant=variant
    )

  batched = jax.vmap(fit)(keys, points, weights)
  for c in range(3):
    alone = fit(keys[c], points[c], weights[c])
    np.testing.assert_allclose(
        batched.centroids[c], alone.centroids, rtol=1e-4, atol=1e-4
    )
    np.testing.assert_array_equal(batched.assignment[c], alone.assignment)
    np.testing.assert_allclose(batched.inertia[c], alone.inertia, rtol=1e-4)


@pytest.mark.parametrize('copies', [1, 5])
def test_fewer_different_points_than_centroids_are_all_found(copies):
  different = np.array([[100.0, 101], [102, 100], [107, 103]], np.float32)
  points = jnp.asarray(np.tile(different, (copies, 1)))
  found = ops.kmeans(jax.random.key(0), points, num_centroids=6)
  assert float(found.inertia) < 1e-6
  distances = np.abs(np.asarray(found.centroids)[:, None] - different).max(-1)
  np.testing.assert_allclose(distances.min(1), 0, atol=1e-3)


def test_the_authors_start_has_random_directions_of_length_one():
  points = jnp.full((3, 8), 50.0)
  start = ops.kmeans(
      jax.random.key(0),
      points,
      num_centroids=200,
      iterations=0,
      variant='authors',
  ).centroids
  np.testing.assert_allclose(jnp.linalg.norm(start, axis=1), 1, rtol=1e-5)
  np.testing.assert_allclose(start.mean(0), 0, atol=0.1)


def test_the_authors_put_centroids_that_never_had_a_point_on_random_ones():
  # Far along one axis, all points are nearest to the same unit vector.
  points = 100.0 * (1 + jnp.arange(4.0))[:, None] * jnp.eye(1, 6)
  weights = jnp.array([1, 1, 1, 0])
  found = ops.kmeans(
      jax.random.key(0),
      points,
      num_centroids=20,
      iterations=1,
      weights=weights,
      variant='authors',
  )
  first = np.sort(np.asarray(found.centroids[:, 0]))
  # One is the mean of all three; the others are points, each of them drawn.
  assert set(first.tolist()) == {100.0, 200.0, 300.0}
  np.testing.assert_array_equal(found.centroids[:, 1:], 0)


def test_the_authors_leave_a_centroid_that_has_lost_its_points():
  # The start is forgotten at once, as means take its place; whether one is
  # ever lost depends on the key, so that many are tried against loops.
  points = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
  lost = 0
  for seed in range(12):
    run = functools.partial(
        ops.kmeans,
        jax.random.key(seed),
        jnp.asarray(points),
        num_centroids=6,
        variant='authors',
    )
    before = run(iterations=0)
    after = run(iterations=1)
    counts = np.bincount(before.assignment, minlength=6)
    for k in range(6):
      if counts[k]:
        mean = points[before.assignment == k].mean(0)
        np.testing.assert_allclose(after.centroids[k], mean, atol=1e-6)
      else:
        assert (np.asarray(after.centroids[k]) == points).all(1).any()
        lost += 1
  assert lost


@pytest.mark.parametrize('variant', ['standard', 'authors'])
def test_extremes_stay_finite(variant):
  fit = functools.partial(
      ops.kmeans, jax.random.key(0), num_centroids=3, variant=variant
  )
  for points in (jnp.zeros((5, 2)), jnp.full((5, 2), 1e15), jnp.eye(5, 2)):
    found = fit(points, weights=jnp.ones(5))
    assert np.isfinite(found.centroids).all()
    assert np.isfinite(found.inertia)
  without = fit(jnp.ones((5, 2)), weights=jnp.zeros(5))
  assert np.isfinite(without.centroids).all()
  assert float(without.inertia) == 0


def test_half_precision_is_clustered_in_single(rng):
  points = jnp.asarray(_blobs(rng, 20, 4), jnp.float16)
  found = ops.kmeans(jax.random.key(0), points, num_centroids=3)
  assert found.centroids.dtype == jnp.float32


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'num_centroids': 2, 'variant': 'lloyd'}, "not 'lloyd'"),
        ({'num_centroids': 0}, 'got 0 centroids'),
        ({'num_centroids': 2, 'iterations': -1}, '-1 iterations'),
    ],
)
def test_bad_inputs_are_refused(options, message):
  with pytest.raises(ValueError, match=message):
    ops.kmeans(jax.random.key(0), jnp.ones((3, 2)), **options)


def test_other_shapes_are_refused():
  with pytest.raises(AssertionError, match='rank'):
    ops.kmeans(jax.random.key(0), jnp.ones(3), num_centroids=2)
  with pytest.raises(AssertionError, match='shape'):
    ops.kmeans(
        jax.random.key(0),
        jnp.ones((3, 2)),
        num_centroids=2,
        weights=jnp.ones(4),
    )
