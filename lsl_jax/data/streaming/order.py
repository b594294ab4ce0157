"""Which images make up batch number `step`: pure functions of seed and step.

Random bits come straight from PCG64, whose output NumPy keeps the same in all
its versions (it does not promise that for `Generator.permutation`), so a seed
gives the same batches on every machine.
"""

from collections.abc import Callable
import dataclasses
import functools
from typing import Protocol

import numpy as np

from lsl_jax.data import spec as spec_lib

_EPOCHS = 0  # Purposes: streams of random bits that never meet.
_BALANCED = 1
CROPS = 2
REPLACEMENTS = 3
EPISODES = 4


def random_bits(count: int, *, seed: int, where: tuple[int, ...]) -> np.ndarray:
  """Random 64-bit words that depend on the seed and the place of use alone.

  Args:
    count: how many words.
    seed: not negative.
    where: a purpose and, say, the step and the position in the batch.

  Returns:
    `[count]` uint64.

  Raises:
    ValueError: for a negative seed or place.
  """
  if seed < 0 or any(word < 0 for word in where):
    raise ValueError(
        f'Seeds, epochs and steps start at 0; got seed {seed} and {where}.'
    )
  sequence = np.random.SeedSequence(seed, spawn_key=where)
  return np.random.PCG64(sequence).random_raw(count)


@functools.lru_cache(maxsize=4)
def epoch_order(num_examples: int, seed: int, epoch: int) -> np.ndarray:
  """The order in which one epoch visits the examples.

  Args:
    num_examples: M.
    seed: of the order.
    epoch: which one; every epoch has another order.

  Returns:
    A permutation of 0 .. M - 1, `[M]` int64, read-only.
  """
  order = np.argsort(
      random_bits(num_examples, seed=seed, where=(_EPOCHS, epoch)),
      kind='stable',
  )
  order.flags.writeable = False  # It is shared by all who ask for it.
  return order


@dataclasses.dataclass(frozen=True)
class Epochs:
  """Batches that run through the examples epoch after epoch.

  A batch may begin in one epoch and end in the next, so nothing is dropped:
  every example is seen once in every epoch, batches all have one size, and a
  batch may even be larger than the data set.

  Attributes:
    num_examples: M.
    batch_size: B.
    seed: of the orders.
  """

  num_examples: int
  batch_size: int
  seed: int

  def __post_init__(self):
    if self.num_examples < 1 or self.batch_size < 1:
      raise ValueError(
          'An order needs at least one example and a batch of at least one;'
          f' got {self.num_examples} examples, batch size {self.batch_size}.'
      )

  def __call__(self, step: int) -> np.ndarray:
    """The examples of batch `step`, `[B]` int64 in 0 .. M - 1."""
    first = step * self.batch_size
    visits = np.arange(first, first + self.batch_size)
    epochs, places = np.divmod(visits, self.num_examples)
    return np.concatenate(
        [
            epoch_order(self.num_examples, self.seed, int(epoch))[
                places[epochs == epoch]
            ]
            for epoch in np.unique(epochs)
        ]
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Balanced:
  """Batches in which every class is equally likely, with replacement.

  Each place of a batch gets a class drawn uniformly, then an image drawn
  uniformly from the class: classes with few images are oversampled, as in the
  fine-tuning of Qi, Brown and Lowe (Low-Shot Learning with Imprinted Weights,
  CVPR 2018).

  Attributes:
    labels: the examples' classes, `[M]` int; any integers.
    batch_size: B.
    seed: of the draws.
    pairs: whether a class is drawn for two neighbouring places at a time, with
      two different images where the class has two, so that losses that compare
      examples of one class find some.
  """

  labels: np.ndarray
  batch_size: int
  seed: int
  pairs: bool = False

  def __post_init__(self):
    if not len(self.labels) or self.batch_size < 1:
      raise ValueError(
          'Balanced batches need at least one example and a batch of at least'
          f' one; got {len(self.labels)} examples, batch size'
          f' {self.batch_size}.'
      )

  @functools.cached_property
  def _groups(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Examples sorted by class, where each class starts, and its size."""
    _, starts, counts = np.unique(
        np.sort(self.labels), return_index=True, return_counts=True
    )
    return np.argsort(self.labels, kind='stable'), starts, counts

  def __call__(self, step: int) -> np.ndarray:
    """The examples of batch `step`, `[B]` int64 in 0 .. M - 1."""
    members, starts, counts = self._groups
    size = self.batch_size
    bits = random_bits(2 * size, seed=self.seed, where=(_BALANCED, step))
    # The remainder of 64 random bits favours no class by more than C / 2**64.
    classes = bits[:size] % np.uint64(len(counts))
    if self.pairs:
      classes = np.repeat(classes[: -(-size // 2)], 2)[:size]
    counts = counts[classes].astype(np.uint64)
    places = bits[size:] % counts
    if self.pairs:
      first = places[: size - 1 : 2]
      others = np.maximum(counts[1::2] - np.uint64(1), np.uint64(1))
      away = bits[size + 1 :: 2] % others + np.uint64(1)
      places[1::2] = (first + away) % counts[1::2]
    return members[starts[classes] + places.astype(np.int64)]


# A function from a step to the examples of its batch, `[B]` int64.
Order = Callable[[int], np.ndarray]

SAMPLING = ('epoch', 'balanced', 'pairs', 'episodes')


class Sampling(Protocol):
  """What describes an order with more than a name, such as episodes."""

  def order(self, labels: np.ndarray, *, batch_size: int, seed: int) -> Order:
    """The order that it describes."""


def make_order(
    sampling: str | Sampling,
    labels: np.ndarray,
    *,
    batch_size: int,
    seed: int,
) -> Order:
  """Which examples batches hold.

  Args:
    sampling: 'epoch' for `Epochs`, 'balanced' for `Balanced`, 'pairs' for the
      same in pairs; or an object with an order of its own, for episodes an
      `episode_order.EpisodeSampling`.
    labels: the examples' classes, `[M]` int.
    batch_size: B.
    seed: of the order.

  Returns:
    A function from a step to the examples of its batch, `[B]` int64.

  Raises:
    ValueError: for an unknown sampling.
  """
  if not isinstance(sampling, str):
    return sampling.order(labels, batch_size=batch_size, seed=seed)
  if sampling == 'episodes':
    raise ValueError(
        "sampling 'episodes' must tell the sizes of the episodes: give an"
        ' EpisodeSampling(way, shots, queries, tasks)'
    )
  if sampling not in SAMPLING:
    raise ValueError(
        f'unknown sampling {sampling!r}; {spec_lib.choices(sampling, SAMPLING)}'
    )
  if sampling == 'epoch':
    return Epochs(len(labels), batch_size, seed)
  return Balanced(labels, batch_size, seed, pairs=sampling == 'pairs')
