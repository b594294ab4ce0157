"""Episodic evaluation: thousands of small tasks on stored features.

Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
few-shot learning. CVPR 2019, section 5.1.
"""

import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, report, types
from lsl_jax.pipeline import choices
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.learners.trained import Context, Trained
from lsl_jax.pipeline.problems import episodes, sources
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import phase1, phases, sharing, stores
from lsl_jax.pipeline.studies import config_checks, episodic_outputs
from lsl_jax.pipeline.studies.study import Outcome


def check(config: Any) -> None:
  """Refuses a config that cannot run.

  Raises:
    ValueError: the first thing that is wrong, with what is accepted.
  """
  config_checks.check(config)
  wanted = config.episodes
  for name, least in (('way', 2), ('queries', 1), ('tasks', 1)):
    if wanted[name] < least:
      raise ValueError(
          f'episodes.{name} must be at least {least}, not {wanted[name]}'
      )
  if wanted.base_queries < 0:
    raise ValueError(
        f'episodes.base_queries must not be negative, not {wanted.base_queries}'
    )
  choices.choose(
      dict.fromkeys(episodes.IMAGES), wanted.images, 'episodes.images'
  )
  for name in config.learners:
    entry = registry.LEARNERS[name]
    if entry.consumes not in stores.STORES:
      usable = [
          n for n, e in registry.LEARNERS.items() if e.consumes in stores.STORES
      ]
      raise ValueError(
          f'learner {name!r} consumes {entry.consumes}, and episodes are run on'
          f' stored features; learners for them: {", ".join(sorted(usable))}'
      )
    if min(config.evaluation.shots) < entry.min_shots:
      raise ValueError(
          f'learner {name!r} needs at least {entry.min_shots} shots (it leaves'
          ' one example of a class out and learns from the others), and'
          f' evaluation.shots are {tuple(config.evaluation.shots)}'
      )


def run(config: Any, workdir: str) -> Outcome | None:
  """Trains, or goes on training, then fits and tests every learner's tasks.

  Args:
    config: the whole config.
    workdir: of the run.

  Returns:
    The outcome; None in all processes but the first.
  """
  if config.representation.workdir:
    sharing.take(config, workdir)
  problem, validation = sources.load(config, workdir)
  task = task_lib.make_task(config, problem)
  images = episodes.stored_images(config, task)
  # Before training, so that a class with too few images costs no time.
  drawn = {
      n: episodes.draw(config, task, images, n) for n in config.evaluation.shots
  }
  trained = phase1.train(config, problem, validation, workdir)
  accuracies = measure(config, task, trained, images, drawn, workdir)
  if jax.process_index() != 0:
    return None
  rows = episodic_outputs.rows(config, accuracies)
  report.arrays.write(
      os.path.join(workdir, 'trials.npz'),
      **{
          f'{name}/{metric}/n{shots}': values
          for (name, shots), by_metric in accuracies.items()
          for metric, values in by_metric.items()
      },
  )
  hashes = {str(n): drawn[n].hash for n in drawn}
  wanted = config.episodes
  return Outcome(
      rows,
      episodic_outputs.figures(config, rows, workdir),
      f'{problem.name}: {wanted.way}-way tasks on {problem.num_novel}'
      f' {config.evaluation.classes} classes',
      episodic_outputs.note(config, task, hashes),
      {
          'data': problem.name,
          'num_base': problem.num_base,
          'num_novel': problem.num_novel,
          'tasks': wanted.tasks,
          'way': wanted.way,
          'queries': wanted.queries,
          'base_queries': wanted.base_queries,
          'episodes_hash': hashes,
      },
  )


def measure(
    config: Any,
    task: task_lib.Task,
    trained: Trained,
    images: np.ndarray,
    drawn: dict[int, episodes.Drawn],
    workdir: str,
) -> dict[tuple[str, int], dict[str, np.ndarray]]:
  """Every learner's accuracy on every task.

  Args:
    config: the whole config.
    task: what is to be learned and tested.
    trained: phase 1's network.
    images: `[m]` indices of the stored images.
    drawn: the tasks by number of shots.
    workdir: of the run.

  Returns:
    By learner and shots, then by metric, `[T]` fractions.
  """
  num_base = task.num_base if config.episodes.base_queries else 0
  products = phases.products(config, task, trained, workdir, config.learners)
  examples = products.get('base_examples') if num_base else None
  base = types.Base(
      jnp.asarray(trained.templates[:num_base]), *(examples or (None, None))
  )
  context = Context(
      config,
      trained,
      trained.scale if num_base else np.mean(trained.scale),
      products,
  )
  kinds = {}
  for name in config.learners:
    kinds.setdefault(registry.LEARNERS[name].consumes, []).append(name)
  measured = {}
  for kind, names in kinds.items():
    # One kind at a time: maps of many images are large.
    features = jax.tree.map(
        jnp.asarray, stores.STORES[kind](config, task, trained, workdir, images)
    )
    for name in names:
      make: Any = registry.LEARNERS[name].make
      learner = make(context)
      for shots, tasks in drawn.items():
        accuracies = evaluation.episodic(
            task_lib.key_for(config.seed, task_lib.TEMPLATES),
            learner,
            base,
            features,
            tasks.episodes,
            base_queries=tasks.base_queries,
            base_labels=tasks.base_labels,
            memory_gb=config.episodes.memory_gb,
        )
        measured[name, shots] = jax.tree.map(np.asarray, accuracies)
  return {
      (name, shots): measured[name, shots]
      for name in config.learners
      for shots in drawn
  }
