"""How much of the search for analogies is done at once in how much memory."""

from typing import NamedTuple

from lsl_jax.ops import analogy_search

# Of the memory, for pairs compared at once: few of them keep a CPU busy.
_FOR_PAIRS = 0.25


class Plan(NamedTuple):
  """What the search does at once.

  Attributes:
    tile: pairs of a class, K for each offset.
    partners: other classes.
    keep_lengths: whether those of all classes are made once and kept.
    num_bytes: what all this takes, at most, beside the centroids.
  """

  tile: int
  partners: int
  keep_lengths: bool
  num_bytes: int


def plan(
    num_classes: int,
    count: int,
    features: int,
    *,
    tile: int,
    partners: int,
    memory_gb: float,
) -> Plan:
  """The largest search that the memory holds, the least one if it holds none.

  Args:
    num_classes: C, at least two.
    count: K centroids of each class, at least two.
    features: D.
    tile: pairs at once, at most; K if that is more.
    partners: other classes at once, at most.
    memory_gb: in 10^9 bytes.

  Returns:
    The plan; on which analogies are found it has no influence.

  >>> plan(389, 100, 512, tile=1000, partners=64, memory_gb=0.5)
  Plan(tile=1000, partners=56, keep_lengths=True, num_bytes=17924000)
  """
  memory = memory_gb * 1e9
  # Of each pair and cluster the products, their maximum, and copies of both.
  an_offset = 4 * 8 * count**2
  width = min(tile // count, _FOR_PAIRS * memory // an_offset)
  _, width = analogy_search.split(count // 2, max(1, int(width)))
  # Two classes and their differences, and what is found so far.
  fixed = width * an_offset + 4 * (5 * count * features + 8 * count**2)
  # Products with the class, twice, and lengths.
  a_partner = 4 * 5 * count**2 // 2
  # Fewer partners at once cost nearly nothing, lengths made again do.
  lengths = 4 * num_classes * (count // 2) * count
  keep = fixed + lengths + a_partner <= memory
  fixed += lengths if keep else 0
  partners = max(1, int(min(partners, (memory - fixed) // a_partner)))
  _, partners = analogy_search.split(num_classes - 1, partners)
  return Plan(width * count, partners, keep, fixed + partners * a_partner)
