"""The small-sample task: images to learn from, images to be tested on."""

import dataclasses
import os
from typing import Any

from absl import logging
import numpy as np

from lsl_jax import data
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import sources

REPORTS = ('test', 'held_out')


@dataclasses.dataclass(frozen=True)
class Sample:
  """One draw of the task, as indices of the problem's images.

  Attributes:
    labelled: `[n]`, N of each class, class by class.
    unlabelled: `[u]`, whose labels are not looked at.
    queries: `[Q]`, on which accuracy is reported.
  """

  labelled: np.ndarray
  unlabelled: np.ndarray
  queries: np.ndarray


def load(config: Any) -> problem_lib.Problem:
  """All classes of a data set; `data.max_classes` takes the first ones.

  Args:
    config: the whole config.

  Returns:
    A problem without base classes.
  """
  spec = config.data
  dataset = data.load({**spec.to_dict(), 'path': spec.path or None})
  if spec.max_classes:
    dataset = sources.first_classes(dataset, spec.max_classes)
  dataset, in_memory = sources.decoded(spec, dataset)
  logging.info('%r', dataset)
  return problem_lib.assemble(
      dataset, (), tuple(range(dataset.num_classes)), in_memory=in_memory
  )


def draw(config: Any, problem: problem_lib.Problem, seed: int) -> Sample:
  """Draws N training images a class, and what else the task needs.

  Training images are shuffled within their class: the first N are the sample,
  the last ones are held out, and unlabelled images come from between.

  Args:
    config: the whole config.
    problem: where the images are.
    seed: of the draw.

  Returns:
    The sample.

  Raises:
    ValueError: a class has too few training images; names it.
  """
  task = config.small_sample
  held_out = task.held_out if task.report == 'held_out' else 0
  rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(5,)))
  labelled, between, last = [], [], []
  for c, name in enumerate(problem.class_names):
    own = np.flatnonzero((problem.labels == c) & problem.is_train)
    if len(own) < task.shots + held_out:
      raise ValueError(
          f'class {name!r} of {problem.name!r} has {len(own)} training images;'
          f' small_sample.shots={task.shots}'
          + (f' and held_out={held_out} need' if held_out else ' needs')
          + f' {task.shots + held_out}'
      )
    own = rng.permutation(own)
    stop = len(own) - held_out
    labelled.append(own[: task.shots])
    between.append(own[task.shots : stop])
    last.append(own[stop:])
  rest = rng.permutation(np.concatenate(between))
  if len(rest) < task.unlabelled:
    raise ValueError(
        f'small_sample.unlabelled={task.unlabelled}, but {problem.name!r} has'
        f' {len(rest)} training images that are neither in the sample nor held'
        ' out'
    )
  test = np.flatnonzero((problem.labels >= 0) & ~problem.is_train)
  queries = np.sort(np.concatenate(last)) if held_out else test
  if not len(queries):
    raise ValueError(f'{problem.name!r} has no images to test on')
  unlabelled = rest[: task.unlabelled]
  if task.transductive:
    unlabelled = np.concatenate([unlabelled, queries])
  return Sample(np.concatenate(labelled), np.sort(unlabelled), queries)


def repetitions(config: Any) -> int:
  """How often an epoch visits each image of the sample."""
  task = config.small_sample
  return max(1, task.whole // task.shots)


def folder(workdir: str, seed: int, part: str) -> str:
  """Where one part ('cglo', 'classifier') of one seed lives."""
  return os.path.join(workdir, f'seed{seed}', part)
