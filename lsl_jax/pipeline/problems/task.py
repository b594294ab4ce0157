"""What phase 2 learns and is tested on: a problem seen through a protocol."""

import dataclasses
from typing import Any

import jax
import numpy as np

from lsl_jax import data
from lsl_jax.data.classes import low_shot_draws, splits
from lsl_jax.pipeline import choices
from lsl_jax.pipeline.problems.problem import Problem

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
    base_classes: `[C]` which of the problem's base classes are in the label
      space; none in transfer.
    num_novel: N.
    class_names: `C + N` names.
    labels: `[M]` int32, labels of all images in this label space.
    base_train: `[b]` indices of base images to train on; none in transfer.
    pool: `[P]` indices of the novel images that may be drawn.
    draws: `[T, N, K]` int32 positions in the pool, nested: n shots are the
      first n columns; T = 0 where tasks are episodes.
    queries: `[Q]` indices of the test images.
    validation: base and validation classes, to choose hyper-parameters on;
      None where there are none.
    base_problem: where base classes come from, if not from `problem`; they are
      learned from and not in the label space.
  """

  problem: Problem
  base_classes: np.ndarray
  num_novel: int
  class_names: tuple[str, ...]
  labels: np.ndarray
  base_train: np.ndarray
  pool: np.ndarray
  draws: np.ndarray
  queries: np.ndarray
  validation: Problem | None = None
  base_problem: Problem | None = None

  @property
  def base_source(self) -> Problem:
    """The problem whose base classes are learned from."""
    return self.base_problem or self.problem

  @property
  def num_base(self) -> int:
    """C of the label space; 0 in transfer."""
    return len(self.base_classes)

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


def make_task(
    config: Any, problem: Problem, validation: Problem | None = None
) -> Task:
  """Sees a problem through the config's protocol and draws support sets.

  Args:
    config: the whole config.
    problem: base and novel classes.
    validation: base and validation classes, kept for later.

  Returns:
    The task.

  Raises:
    ValueError: an unknown protocol, a class with too few images, or fewer base
      classes than the first half shall have.
  """
  with_base = choices.choose(
      PROTOCOLS, config.evaluation.protocol, 'evaluation.protocol'
  )
  base_classes = _base_classes(config, problem.num_base)
  base_classes = base_classes if with_base else base_classes[:0]
  num_base = len(base_classes)
  # Base classes that take no part drop out; novel ones follow the others.
  joint = np.full(problem.num_classes + 1, -1, np.int32)
  joint[base_classes] = np.arange(num_base)
  joint[problem.num_base : -1] = num_base + np.arange(problem.num_novel)
  labels = joint[problem.labels]
  pool = problem.indices(base=False, train=True)
  queries = problem.indices(base=False, train=False)
  base_train, base_test = (
      indices[labels[indices] >= 0]
      for indices in (
          problem.indices(base=True, train=True),
          problem.indices(base=True, train=False),
      )
  )
  queries = np.union1d(base_test, queries)
  draws = _draws(config, problem, pool)
  return Task(
      problem=problem,
      base_classes=base_classes,
      num_novel=problem.num_novel,
      class_names=(
          *(problem.class_names[c] for c in base_classes),
          *problem.class_names[problem.num_base :],
      ),
      labels=labels,
      base_train=base_train,
      pool=pool,
      draws=draws,
      queries=queries,
      validation=validation,
  )


def _draws(config: Any, problem: Problem, pool: np.ndarray) -> np.ndarray:
  """Positions in the pool: read from files, or drawn."""
  shots = max(config.evaluation.shots)
  wanted = max(config.evaluation.draws, config.evaluation.trained_draws)
  if config.evaluation.protocol == 'episodic':
    return np.zeros((0, problem.num_novel, shots), np.int32)
  paths = tuple(config.evaluation.draw_files)
  if not paths:
    return np.asarray(
        data.sample_draws(
            key_for(config.seed, DRAWS),
            problem.labels[pool] - problem.num_base,
            num_classes=problem.num_novel,
            shots=shots,
            draws=wanted,
        )
    )
  if wanted > len(paths):
    raise ValueError(
        f'evaluation.draw_files names {len(paths)} draws, evaluation.draws and'
        f' evaluation.trained_draws ask for {wanted}'
    )
  images = low_shot_draws.read_draws(
      paths[:wanted],
      problem.original,
      problem.is_train,
      problem.classes[problem.num_base :],
      shots,
      order=splits.draw_order(config.data.split, problem.original_names),
  )
  return np.searchsorted(pool, images).astype(np.int32)


def _base_classes(config: Any, num_base: int) -> np.ndarray:
  """The base classes that are evaluated: all, or one of two halves."""
  first = config.evaluation.first_base
  if not first:
    return np.arange(num_base)
  if not 0 < first < num_base:
    raise ValueError(
        f'evaluation.first_base must be below the number of base classes,'
        f' {num_base}, or 0 for no halves; not {first}'
    )
  if config.evaluation.classes == 'validation':
    return np.arange(first)
  return np.arange(first, num_base)
