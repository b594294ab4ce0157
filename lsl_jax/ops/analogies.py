"""Mines analogies: pairs of centroids that differ in the same direction."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax.ops import analogy_search


class Analogies(NamedTuple):
  """Completed analogies a1 : a2 :: b1 : b2, on the host.

  Attributes:
    quadruples: `[A, 4]` int32, centroids (a1, a2, b1, b2) as flat indices,
      class x K + cluster.
    cosine: `[A]` float32, of the angle between a1 - a2 and b1 - b2.
  """

  quadruples: np.ndarray
  cosine: np.ndarray


def mine_analogies(
    centroids: jax.Array | np.ndarray, *, tile: int = 1000, partners: int = 64
) -> Analogies:
  r"""For every pair of a class, the pair of other classes most parallel to it.

  .. math:: (b_1, b_2) = \arg\max_{b_1, b_2}
      \frac{(c_{a_1} - c_{a_2})^\top (c_{b_1} - c_{b_2})}
      {(\lVert c_{a_1} - c_{a_2} \rVert + \epsilon)
       (\lVert c_{b_1} - c_{b_2} \rVert + \epsilon)}, \quad \epsilon = 10^{-5}

  over all b1, b2 of one class, for each class that is not a's. The search is
  exact but never builds a difference vector: the numerator is a sum of four
  inner products of centroids. Swapping a1 with a2, or b1 with b2, changes the
  sign alone, so unordered pairs and magnitudes are compared. Pairs of equal
  centroids take no part on either side.

  Time grows with :math:`C^2 K^4 / 2`. Beside the centroids and the result,
  4 (K (5 max(tile, K) + partners (D + 3 K)) + C K^2 / 2) bytes are in use.

  Args:
    centroids: `[C, K, D]`, K of each class; finite.
    tile: how many pairs of a class are compared at once. The default suits the
      caches of a CPU; an accelerator is busier with 5,000.
    partners: how many other classes' inner products are kept at once.

  Returns:
    One analogy for each ordered pair, sorted by a1, then a2: C K (K - 1) of
    them where no two centroids of a class are equal.

  Raises:
    ValueError: for one class alone, or centroids that are not finite.

  References:
    Hariharan, Girshick. Low-shot visual recognition by shrinking and
    hallucinating features. ICCV 2017, section 4.1; :math:`\epsilon` and one
    partner over all classes are those of the code that they released.

  >>> one, other = [[0.0, 1.0], [0.0, 3.0]], [[5.0, 9.0], [9.0, 6.0]]
  >>> found = mine_analogies(jnp.array([one, other]))
  >>> found.quadruples.tolist()
  [[0, 1, 3, 2], [1, 0, 2, 3], [2, 3, 1, 0], [3, 2, 0, 1]]
  >>> found.cosine.round(3)
  array([0.6, 0.6, 0.6, 0.6], dtype=float32)
  """
  blocks = list(mine_by_class(centroids, tile=tile, partners=partners))
  return Analogies(
      np.concatenate([block.quadruples for block in blocks]),
      np.concatenate([block.cosine for block in blocks]),
  )


def mine_by_class(
    centroids: jax.Array | np.ndarray,
    classes: Iterable[int] | None = None,
    *,
    tile: int = 1000,
    partners: int = 64,
) -> Iterator[Analogies]:
  """The same class by class, so that a long search can be saved and resumed.

  Args:
    centroids: as in `mine_analogies`, which concatenates what this yields.
    classes: of a1 and a2, those that are still to be done; all if absent.
    tile: as in `mine_analogies`.
    partners: as in `mine_analogies`.

  Yields:
    The analogies of one class after another.

  Raises:
    ValueError: as `mine_analogies`, and for a class that there is not.
  """
  chex.assert_rank(centroids, 3)
  num_classes = len(centroids)
  classes = range(num_classes) if classes is None else tuple(classes)
  if num_classes < 2:
    raise ValueError(
        f'analogies need centroids of two classes or more, not {num_classes}'
    )
  if tile < 1 or partners < 1:
    raise ValueError(
        f'tile ({tile}) and partners ({partners}) must be positive'
    )
  if unknown := [c for c in classes if not 0 <= c < num_classes]:
    raise ValueError(f'no such class: {unknown}; there are {num_classes}')
  finite = np.asarray(jnp.all(jnp.isfinite(centroids), (1, 2)))
  if not finite.all():
    raise ValueError(
        f'centroids of class {np.argmin(finite)} are not finite numbers'
    )
  return _blocks(jnp.asarray(centroids), classes, tile, partners)


def _blocks(centroids, classes, tile, partners) -> Iterator[Analogies]:
  count = centroids.shape[1]
  if count == 1:
    for _ in classes:
      yield Analogies(np.zeros((0, 4), np.int32), np.zeros(0, np.float32))
    return
  inverse = analogy_search.inverse_lengths(centroids)
  for own in classes:
    best = analogy_search.best_pairs(
        centroids, inverse, own, tile=tile, partners=partners
    )
    yield _both_orders(own, *jax.device_get((best, inverse[own])))


def _both_orders(
    own: int, best: analogy_search.Best, inverse: np.ndarray
) -> Analogies:
  """Sorts pairs (k, k + s) and (k + s, k); leaves degenerate ones out."""
  count = inverse.shape[1]
  a1, a2 = np.indices((count, count))
  # The pair (a1, a2) is found at one offset, the pair (a2, a1) at the other.
  offset = (a2 - a1) % count
  swapped = (offset > count - offset) | ((2 * offset == count) & (a1 > a2))
  place = np.where(swapped, count - offset, offset) - 1, np.where(
      swapped, a2, a1
  )
  place = np.maximum(place[0], 0), place[1]
  cosine = best.value[place] * inverse[place]
  b1, b2 = best.first[place], best.second[place]
  b1, b2 = np.where(swapped, b2, b1), np.where(swapped, b1, b2)
  partner = best.partner[place]
  quadruples = np.stack(
      [
          own * count + a1,
          own * count + a2,
          partner * count + b1,
          partner * count + b2,
      ],
      -1,
  ).astype(np.int32)
  good = (a1 != a2) & (cosine > 0)
  return Analogies(quadruples[good], cosine[good])
