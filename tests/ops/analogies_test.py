"""Analogies against a search of all difference vectors in float64."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import ops


def _cosine(rows, a1, a2, b1, b2):
  left, right = rows[a1] - rows[a2], rows[b1] - rows[b2]
  lengths = [np.sqrt(np.sum(x**2)) + 1e-5 for x in (left, right)]
  return np.sum(left * right) / lengths[0] / lengths[1]


def _search_all(centroids):
  """Best cosine by (a1, a2), and the pairs (b1, b2) within 1e-5 of it."""
  num_classes, count, _ = centroids.shape
  rows = np.asarray(centroids, np.float64).reshape(num_classes * count, -1)
  best = {}
  for a in range(num_classes):
    for i, j in itertools.permutations(range(a * count, (a + 1) * count), 2):
      cosines = {
          (k, m): _cosine(rows, i, j, k, m)
          for b in range(num_classes)
          if b != a
          for k, m in itertools.permutations(
              range(b * count, b * count + count), 2
          )
      }
      largest = max(cosines.values())
      if largest > 0:
        near = {pair for pair, x in cosines.items() if x > largest - 1e-5}
        best[i, j] = largest, near
  return best


def _agree(found, centroids):
  """Compares with the search of everything, whichever of equal pairs it is."""
  best = _search_all(centroids)
  assert [tuple(row) for row in found.quadruples[:, :2]] == sorted(best)
  for (a1, a2, b1, b2), cosine in zip(*found, strict=True):
    largest, pairs = best[a1, a2]
    assert (b1, b2) in pairs
    np.testing.assert_allclose(cosine, largest, atol=3e-6)


@pytest.mark.parametrize(('num_classes', 'count'), [(2, 2), (3, 3), (4, 5)])
def test_finds_the_best_pair_of_all_other_classes(rng, num_classes, count):
  # Far from the origin, products of the raw centroids would cancel to noise.
  centroids = 30 + rng.normal(size=(num_classes, count, 4)).astype(np.float32)
  found = ops.mine_analogies(centroids)
  assert found.quadruples.dtype == np.int32
  assert len(found.cosine) == num_classes * count * (count - 1)
  _agree(found, centroids)


@pytest.mark.parametrize(
    ('tile', 'partners'), [(1, 1), (12, 3), (14, 2), (10**9, 5)]
)
def test_tiles_do_not_change_the_result(rng, tile, partners):
  centroids = rng.normal(size=(5, 6, 3)).astype(np.float32)
  got = ops.mine_analogies(centroids, tile=tile, partners=partners)
  whole = ops.mine_analogies(centroids)
  np.testing.assert_array_equal(got.quadruples, whole.quadruples)
  np.testing.assert_allclose(got.cosine, whole.cosine, rtol=1e-6)


@pytest.mark.parametrize('memory_gb', [0, 3.4e-6, float('inf')])
def test_what_is_found_does_not_depend_on_the_memory(rng, memory_gb):
  # One, two and all partners at once; only the last keeps all lengths.
  centroids = rng.normal(size=(7, 6, 3)).astype(np.float32)
  got = ops.mine_analogies(centroids, memory_gb=memory_gb)
  for part, expected in zip(got, ops.mine_analogies(centroids), strict=True):
    np.testing.assert_array_equal(part, expected)


def test_more_offsets_than_one_kernel_holds(rng):
  # 35 offsets: two kernels, the second of them partly filled.
  centroids = rng.normal(size=(2, 71, 4)).astype(np.float32)
  found = ops.mine_analogies(centroids, tile=500)
  rows = centroids.reshape(-1, 4).astype(np.float64)
  for a, b in ((0, 71), (71, 0)):
    own, other = (
        (rows[i : i + 71, None] - rows[i : i + 71]).reshape(-1, 4)
        for i in (a, b)
    )
    own, other = (
        x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-5)
        for x in (own, other)
    )
    largest = (own @ other.T).max(1).reshape(71, 71)
    chosen = found.quadruples[:, 0] // 71 == a // 71
    quadruples = found.quadruples[chosen]
    assert len(quadruples) == 71 * 70
    np.testing.assert_allclose(
        found.cosine[chosen],
        largest[quadruples[:, 0] - a, quadruples[:, 1] - a],
        atol=1e-5,
    )
    for quadruple, cosine in zip(
        quadruples[::50], found.cosine[chosen][::50], strict=True
    ):
      np.testing.assert_allclose(_cosine(rows, *quadruple), cosine, atol=1e-5)


def test_swapping_a_pair_swaps_its_partner(rng):
  centroids = rng.normal(size=(3, 6, 4)).astype(np.float32)
  found = ops.mine_analogies(centroids)
  of = {tuple(q[:2]): (tuple(q[2:]), x) for q, x in zip(*found, strict=True)}
  for (a1, a2), ((b1, b2), cosine) in of.items():
    assert of[a2, a1] == ((b2, b1), cosine)


def test_equal_centroids_take_no_part(rng):
  centroids = rng.normal(size=(3, 5, 4)).astype(np.float32)
  centroids[0, 4] = centroids[0, 1]
  centroids[2, 1:] = centroids[2, 0]
  found = ops.mine_analogies(centroids)
  assert len(found.cosine) == 18 + 20
  _agree(found, centroids)
  rows = centroids.reshape(-1, 4)
  for a1, a2, b1, b2 in found.quadruples:
    assert np.any(rows[a1] != rows[a2])
    assert np.any(rows[b1] != rows[b2])


def test_a_tiny_difference_counts_for_less_by_the_added_constant():
  centroids = np.zeros((3, 2, 2), np.float32)
  centroids[0, 1] = 1, 0
  centroids[1, 1] = 1e-5, 0  # Parallel, but half of its length is 1e-5.
  centroids[2, 1] = 3, 4
  found = ops.mine_analogies(centroids)
  np.testing.assert_array_equal(found.quadruples[1], [1, 0, 5, 4])
  np.testing.assert_allclose(found.cosine[:2], 0.6, rtol=1e-4)


def test_perpendicular_classes_have_no_analogies():
  centroids = np.zeros((2, 3, 4), np.float32)
  centroids[0, :, :2] = [[0, 0], [1, 0], [0, 1]]
  centroids[1, :, 2:] = [[0, 0], [1, 0], [0, 1]]
  found = ops.mine_analogies(centroids)
  assert found.quadruples.shape == (0, 4)


def test_one_cluster_a_class_has_no_pairs(rng):
  found = ops.mine_analogies(rng.normal(size=(3, 1, 4)))
  assert found.quadruples.shape == (0, 4)
  assert found.cosine.shape == (0,)


def test_a_search_can_go_on_class_by_class(rng):
  centroids = jnp.asarray(rng.normal(size=(4, 4, 3)), jnp.float32)
  whole = ops.mine_analogies(centroids)
  blocks = [
      *itertools.islice(ops.mine_by_class(centroids), 2),
      *ops.mine_by_class(centroids, [2, 3]),
  ]
  for place, name in enumerate(whole._fields):
    parts = np.concatenate([block[place] for block in blocks])
    np.testing.assert_array_equal(parts, getattr(whole, name))


@pytest.mark.parametrize('scale', [1e-2, 1e12])
def test_extreme_scales_keep_their_cosines(rng, scale):
  centroids = rng.normal(size=(2, 4, 8)).astype(np.float32)
  np.testing.assert_allclose(
      ops.mine_analogies(scale * centroids).cosine,
      ops.mine_analogies(centroids).cosine,
      rtol=5e-3,
  )


def test_half_precision_is_searched_in_single(rng):
  centroids = jnp.asarray(rng.normal(size=(2, 4, 3)), jnp.bfloat16)
  got = ops.mine_analogies(centroids)
  expected = ops.mine_analogies(centroids.astype(jnp.float32))
  np.testing.assert_array_equal(got.cosine, expected.cosine)


@pytest.mark.parametrize(
    ('change', 'options', 'message'),
    [
        (lambda x: x[:1], {}, 'two classes or more, not 1'),
        (lambda x: x.at[1, 0, 0].set(jnp.nan), {}, 'class 1 are not finite'),
        (lambda x: x, {'tile': 0}, r'tile \(0\)'),
        (lambda x: x, {'partners': 0}, r'partners \(0\)'),
        (
            lambda x: x,
            {'classes': [1, 7]},
            r'no such class: \[7\]; there are 3',
        ),
    ],
)
def test_bad_inputs_are_refused_at_once(change, options, message):
  centroids = change(jnp.ones((3, 2, 2)))
  with pytest.raises(ValueError, match=message):
    ops.mine_by_class(centroids, **options)


def test_other_ranks_are_refused():
  with pytest.raises(AssertionError, match='rank'):
    ops.mine_analogies(jnp.ones((3, 2)))
