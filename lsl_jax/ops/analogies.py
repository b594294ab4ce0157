"""Mines analogies: pairs of centroids that differ in the same direction."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax.ops import analogy_plan, analogy_search


class Analogies(NamedTuple):
  """Completed analogies a1 : a2 :: b1 : b2, on the host.

  Attributes:
    quadruples: `[A, 4]` int32, centroids (a1, a2, b1, b2) as flat indices,
      class x K + cluster.
    cosine: `[A]` float32, of the angle between a1 - a2 and b1 - b2.
  """

  quadruples: np.ndarray
  cosine: np.ndarray


_NOTHING = Analogies(np.zeros((0, 4), np.int32), np.zeros(0, np.float32))


def mine_analogies(
    centroids: jax.Array | np.ndarray,
    *,
    tile: int = 1000,
    partners: int = 64,
    memory_gb: float = 0.5,
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

  Time grows with :math:`C^2 K^4 / 2`. On the device, beside the centroids in
  single precision, a CPU has no more than

  .. math:: 4 K (8\,tile + 5 D + 8 K + 5 K\,partners / 2) + 2 C K^2

  bytes in use; `tile` and `partners` are lowered until that fits `memory_gb`.
  The last term, lengths of all differences, is left out where there is no room
  for it: they are then computed again for each class.

  Args:
    centroids: `[C, K, D]`, K of each class; finite.
    tile: how many pairs of a class are compared at once, at most. The default
      suits the caches of a CPU; an accelerator is busier with 5,000.
    partners: how many other classes' inner products are kept at once, at most.
    memory_gb: for those bytes, in 10^9. What is found does not depend on it.
      With too little, K pairs are compared with one class at once all the same.

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
  blocks = list(
      mine_by_class(
          centroids, tile=tile, partners=partners, memory_gb=memory_gb
      )
  )
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
    memory_gb: float = 0.5,
) -> Iterator[Analogies]:
  """The same class by class, so that a long search can be saved and resumed.

  Args:
    centroids: as in `mine_analogies`, which concatenates what this yields.
    classes: of a1 and a2, those that are still to be done; all if absent.
    tile: as in `mine_analogies`.
    partners: as in `mine_analogies`.
    memory_gb: as in `mine_analogies`.

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
  # On the device once, and in the precision that the search needs.
  centroids = jnp.asarray(centroids, jnp.float32)
  finite = np.asarray(_finite(centroids))
  if not finite.all():
    raise ValueError(
        f'centroids of class {np.argmin(finite)} are not finite numbers'
    )
  if centroids.shape[1] == 1:
    return (_NOTHING for _ in classes)
  plan = analogy_plan.plan(
      *centroids.shape, tile=tile, partners=partners, memory_gb=memory_gb
  )
  return _blocks(centroids, classes, plan)


@jax.jit
def _finite(centroids: jax.Array) -> jax.Array:
  """Whether classes are, `[C]`; one after another, in the memory of one."""
  return jax.lax.map(lambda rows: jnp.all(jnp.isfinite(rows)), centroids)


def _blocks(
    centroids: jax.Array, classes: Iterable[int], plan: analogy_plan.Plan
) -> Iterator[Analogies]:
  lengths = None
  if plan.keep_lengths:
    lengths = analogy_search.inverse_lengths(centroids)
  for own in classes:
    best = analogy_search.best_pairs(
        centroids, lengths, own, tile=plan.tile, partners=plan.partners
    )
    if lengths is None:
      (own_lengths,) = analogy_search.inverse_lengths(centroids[own][None])
    else:
      own_lengths = lengths[own]
    yield _both_orders(own, *jax.device_get((best, own_lengths)))


def _both_orders(
    own: int, best: analogy_search.Best, inverse: np.ndarray
) -> Analogies:
  """Sorts pairs (k, k + s) and (k + s, k); leaves degenerate ones out."""
  count = inverse.shape[1]
  a1, a2 = np.indices((count, count), np.int32)
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
