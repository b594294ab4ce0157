"""Draws the tasks of episodic evaluation, the same for every learner."""

from typing import Any, NamedTuple

import jax
import numpy as np

from lsl_jax import data, types
from lsl_jax.pipeline.problems import task as task_lib

IMAGES = ('all', 'test')


class Drawn(NamedTuple):
  """The tasks of one number of shots, the same for every learner.

  Attributes:
    episodes: indices count among the stored images.
    base_queries: `[T, P]` int32, likewise; None without base classes.
    base_labels: `[T, P]` int32 in 0 .. C - 1.
    hash: by which two people know that they have the same tasks.
  """

  episodes: types.Episode
  base_queries: np.ndarray | None
  base_labels: np.ndarray | None
  hash: str


def stored_images(config: Any, task: task_lib.Task) -> np.ndarray:
  """Indices of the images that tasks may use: novel ones, then base ones."""
  problem = task.problem
  novel = problem.indices(base=False, train=False)
  if config.episodes.images == 'all':
    novel = np.union1d(novel, problem.indices(base=False, train=True))
  if not config.episodes.base_queries:
    return novel
  return np.concatenate([novel, problem.indices(base=True, train=False)])


def draw(
    config: Any, task: task_lib.Task, images: np.ndarray, shots: int
) -> Drawn:
  """Draws the tasks of one number of shots.

  Args:
    config: the whole config.
    task: what is to be learned and tested.
    images: `[m]` indices of the stored images.
    shots: K.

  Returns:
    The tasks.

  Raises:
    ValueError: too few classes, or a class has too few images.
  """
  wanted = config.episodes
  labels = task.labels[images]
  key = jax.random.fold_in(
      task_lib.key_for(config.seed, task_lib.EPISODES), shots
  )
  episodes = data.sample_episodes(
      key,
      labels,
      classes=range(task.num_base, task.num_classes),
      way=wanted.way,
      shots=shots,
      queries=wanted.queries,
      tasks=wanted.tasks,
      class_names=task.class_names,
  )
  if not wanted.base_queries:
    return Drawn(episodes, None, None, data.episode_hash(episodes))
  base = np.flatnonzero(labels < task.num_base)
  chosen = data.sample_draws(
      jax.random.fold_in(
          task_lib.key_for(config.seed, task_lib.BASE_QUERIES), shots
      ),
      np.zeros(len(base), np.int32),
      num_classes=1,
      shots=wanted.base_queries,
      draws=wanted.tasks,
      class_names=('held-out base images',),
  )
  queries = base[np.asarray(chosen)[:, 0]].astype(np.int32)
  return Drawn(
      episodes,
      queries,
      labels[queries],
      data.episode_hash((episodes, queries)),
  )
