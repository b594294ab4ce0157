"""Episodes as batches: N-way K-shot tasks, the same for a seed and a step."""

import dataclasses
import functools

import numpy as np

from lsl_jax.data import members as members_lib
from lsl_jax.data.streaming import order as order_lib


@dataclasses.dataclass(frozen=True)
class EpisodeSampling:
  """How large episodes are, in place of a sampling's name.

  Attributes:
    way: N, classes an episode.
    shots: K, support images a class.
    queries: Q, query images a class.
    tasks: E, episodes a batch.
  """

  way: int
  shots: int
  queries: int
  tasks: int

  def __post_init__(self):
    members_lib.check_counts(**dataclasses.asdict(self))

  @property
  def batch_size(self) -> int:
    """B = E x N x (K + Q)."""
    return self.tasks * self.way * (self.shots + self.queries)

  def order(self, labels: np.ndarray, *, batch_size: int, seed: int):
    """The order of these episodes; see `order.make_order`.

    Raises:
      ValueError: the episodes do not fill a batch of this size, or there are
        too few classes, or too few images of one.
    """
    if batch_size != self.batch_size:
      raise ValueError(
          f'A batch of {batch_size} is not what {self} fill; they take'
          f' {self.batch_size} places.'
      )
    return Episodes(labels, self, seed)


@dataclasses.dataclass(frozen=True, eq=False)
class Episodes:
  """Batches of tasks, as meta-training takes them.

  A batch is laid out episode by episode, class by class, support before query,
  as `ops.split_episodes` reads it. An episode's classes are different ones,
  every set of N equally likely, in random order; so are its images.

  Attributes:
    labels: the examples' classes, `[M]` int; any integers.
    sampling: how large the episodes are, and how many a batch holds.
    seed: of the draws.
  """

  labels: np.ndarray
  sampling: EpisodeSampling
  seed: int

  def __post_init__(self):
    labels = members_lib.check_labels(self.labels)
    classes = np.unique(labels)
    sizes = self.sampling
    if len(classes) < sizes.way:
      raise ValueError(
          f'{sizes.way}-way episodes need {sizes.way} classes, there are'
          f' {len(classes)}.'
      )
    members_lib.check_sizes(
        self._members[1],
        sizes.shots + sizes.queries,
        f'{sizes.shots} shots + {sizes.queries} queries',
        classes,
        None,
    )

  @functools.cached_property
  def _members(self) -> tuple[np.ndarray, np.ndarray]:
    """Examples of each class, padded, and how many there are."""
    labels = np.asarray(self.labels)
    return members_lib.table(labels, np.unique(labels))

  def __call__(self, step: int) -> np.ndarray:
    """The examples of batch `step`, `[B]` int64 in 0 .. M - 1."""
    table, sizes = self._members
    tasks, way = self.sampling.tasks, self.sampling.way
    count = self.sampling.shots + self.sampling.queries
    num_classes, largest = table.shape
    bits = order_lib.random_bits(
        tasks * (num_classes + way * largest),
        seed=self.seed,
        where=(order_lib.EPISODES, step),
    )
    priorities, bits = np.split(bits, [tasks * num_classes])
    chosen = np.argsort(
        priorities.reshape(tasks, num_classes), axis=1, kind='stable'
    )[:, :way]
    # Padding comes last: it gets the largest number, and where one of 2**64
    # draws ties with it, a stable sort still has the image first.
    exists = np.arange(largest) < sizes[chosen][..., None]
    ranks = np.where(
        exists, bits.reshape(tasks, way, largest), np.uint64(2**64 - 1)
    )
    places = np.argsort(ranks, axis=2, kind='stable')[..., :count]
    images = np.take_along_axis(table[chosen], places, axis=2)
    return images.reshape(-1).astype(np.int64)
