"""Accuracy on tasks of the validation classes, while a network is trained."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import data, evaluation, types
from lsl_jax.pipeline import features, metric_learning
from lsl_jax.pipeline import task as task_lib
from lsl_jax.pipeline.problem import Problem
from lsl_jax.pipeline.trained import Context, Trained

# The interval over so many tasks is about a point wide.
_TASKS = 200
_VALIDATION = 5  # A use of the run's seed, see `task`.


def validator(
    config: Any, problem: Problem, representation: types.Representation
):
  """Makes the function that tests a network on tasks as it was trained on.

  Li et al. 2020 treat the validation classes as novel ones to choose what is
  open (section 4.1.1); the tasks have training's way, shots and queries, and
  are the same every time.

  Args:
    config: the whole config; `representation.name` is an episodic one.
    problem: base and validation classes.
    representation: whose variables are tested.

  Returns:
    `variables -> {'validation': ..., 'validation/novel/top1/n5': ...}`.
  """
  name = config.representation.name
  indices = np.union1d(
      problem.indices(base=False, train=False),
      problem.indices(base=False, train=True),
  )
  sizes = config.train.episodes
  labels = problem.labels[indices]
  episodes = data.sample_episodes(
      task_lib.key_for(config.seed, _VALIDATION),
      labels,
      way=min(sizes.way, problem.num_novel),
      shots=sizes.shots,
      queries=sizes.queries,
      tasks=_TASKS,
      class_names=problem.class_names,
  )
  episodes = jax.tree.map(np.asarray, episodes)
  meaning = None
  if name == 'am3':
    meaning = metric_learning.meaning(config, problem.class_names)

  @jax.jit
  def accuracy(variables, embedded):
    """Of all tasks together; compiled once, whatever the variables."""
    blank = np.zeros((0, embedded.shape[1]), np.float32)
    products = {}
    if meaning is not None:
      products['semantics'] = meaning
      vectors = jnp.asarray(meaning.vectors[labels])
      embedded = jnp.concatenate([embedded, vectors], axis=1)
    trained = Trained(representation, variables, blank, np.float32(1))
    learner = metric_learning.make_learner(
        name, Context(config, trained, np.float32(1), products)
    )
    values = evaluation.episodic(
        task_lib.key_for(config.seed, _VALIDATION),
        learner,
        types.Base(jnp.asarray(blank)),
        embedded,
        episodes,
    )
    return jnp.mean(values['novel/top1'])

  def evaluate(variables):
    embedded = features.embeddings(
        config, representation, variables, problem, indices
    )
    mean = float(accuracy(variables, jnp.asarray(embedded)))
    return {
        f'validation/novel/top1/n{sizes.shots}': mean,
        'validation': mean,
    }

  return evaluate
