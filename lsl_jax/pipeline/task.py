"""What phase 2 learns and is tested on: a problem seen through a protocol."""

import dataclasses
from typing import Any

import jax
import numpy as np

from lsl_jax import data
from lsl_jax.pipeline import registry
from lsl_jax.pipeline.problem import Problem

# Whether base classes take part.
PROTOCOLS = {
    'generalized': True,
    'transfer': False,
    'episodic': True,
    'own_images': False,
}
# Uses of the run's seed that must not meet.
DRAWS, VIEWS, TEMPLATES, EPISODES, BASE_QUERIES = 1, 2, 3, 4, 5


def key_for(seed: int, purpose: int) -> jax.Array:
  """The typed key of one use of the run's seed."""
  return jax.random.fold_in(jax.random.key(seed), purpose)


@dataclasses.dataclass(frozen=True)
class Task:
  """Support sets to draw from, and queries, in the protocol's label space.

  Attributes:
    problem: where the images are.
    num_base: C of the label space; 0 in transfer.
    num_novel: N.
    class_names: `C + N` names.
    labels: `[M]` int32, labels of all images in this label space.
    base_train: `[b]` indices of base images to train on; none in transfer.
    pool: `[P]` indices of the novel images that may be drawn.
    draws: `[T, N, K]` int32 positions in the pool, nested: n shots are the
      first n columns; T = 0 where tasks are episodes.
    queries: `[Q]` indices of the test images.
  """

  problem: Problem
  num_base: int
  num_novel: int
  class_names: tuple[str, ...]
  labels: np.ndarray
  base_train: np.ndarray
  pool: np.ndarray
  draws: np.ndarray
  queries: np.ndarray

  @property
  def num_classes(self) -> int:
    """C + N."""
    return self.num_base + self.num_novel

  @property
  def query_labels(self) -> np.ndarray:
    """`[Q]` int32."""
    return self.labels[self.queries]

  @property
  def pool_labels(self) -> np.ndarray:
    """`[P]` int32 in 0 .. N - 1."""
    return self.labels[self.pool] - self.num_base

  def support(self, draw: int, shots: int) -> np.ndarray:
    """Indices of the images of one support set, class by class, `[N * n]`."""
    return self.pool[self.draws[draw, :, :shots].reshape(-1)]


def make_task(config: Any, problem: Problem) -> Task:
  """Sees a problem through the config's protocol and draws support sets.

  Args:
    config: the whole config.
    problem: base and novel classes.

  Returns:
    The task.

  Raises:
    ValueError: an unknown protocol, or a class with too few images.
  """
  with_base = registry.choose(
      PROTOCOLS, config.evaluation.protocol, 'evaluation.protocol'
  )
  num_base = problem.num_base if with_base else 0
  # In transfer novel classes count from 0, and base ones drop out.
  labels = np.maximum(problem.labels - (problem.num_base - num_base), -1)
  pool = problem.indices(base=False, train=True)
  queries = problem.indices(base=False, train=False)
  base_train = problem.indices(base=True, train=True)
  if with_base:
    queries = np.union1d(problem.indices(base=True, train=False), queries)
  shots = max(config.evaluation.shots)
  draws: Any = np.zeros((0, problem.num_novel, shots), np.int32)
  if config.evaluation.protocol != 'episodic':
    draws = data.sample_draws(
        key_for(config.seed, DRAWS),
        labels[pool] - num_base,
        num_classes=problem.num_novel,
        shots=shots,
        draws=max(config.evaluation.draws, config.evaluation.trained_draws),
    )
  return Task(
      problem=problem,
      num_base=num_base,
      num_novel=problem.num_novel,
      class_names=problem.class_names[problem.num_base - num_base :],
      labels=labels.astype(np.int32),
      base_train=base_train if with_base else base_train[:0],
      pool=pool,
      draws=np.asarray(draws),
      queries=queries,
  )
