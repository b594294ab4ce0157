"""Accuracy on tasks of the validation classes, while a network is trained."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np

from lsl_jax import data, types
from lsl_jax.pipeline.learners import metric_learning
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.problems.problem import Problem
from lsl_jax.pipeline.stages import features

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

  vectors = None if meaning is None else jnp.asarray(meaning.vectors[labels])
  options = ml_collections.FrozenConfigDict(config.metric)

  def evaluate(variables):
    embedded = features.embeddings(
        config, representation, variables, problem, indices
    )
    mean = float(
        _accuracy(
            {
                part: {'head': tree['head']} if 'head' in tree else {}
                for part, tree in variables.items()
            },
            jnp.asarray(embedded),
            vectors,
            jax.tree.map(jnp.asarray, episodes),
            task_lib.key_for(config.seed, _VALIDATION),
            name=name,
            options=options,
        )
    )
    return {
        f'validation/novel/top1/n{sizes.shots}': mean,
        'validation': mean,
    }

  return evaluate


@functools.partial(jax.jit, static_argnames=('name', 'options'))
def _accuracy(variables, embedded, vectors, episodes, key, *, name, options):
  """Of all tasks together; compiled once, whatever the variables."""
  size = embedded.shape[1]
  if vectors is not None:
    embedded = jnp.concatenate([embedded, vectors], axis=1)
  learner = metric_learning.learner(name, options, variables, size)
  take = lambda indices: embedded[indices.reshape(-1)]

  def one(number, support, query):
    way, shots = support.shape
    examples = types.Support(
        take(support), jnp.repeat(jnp.arange(way), shots), way
    )
    base = types.Base(jnp.zeros((0, size)))
    fitted = learner.fit(jax.random.fold_in(key, number), base, examples)
    wanted = jnp.repeat(jnp.arange(way), query.shape[1])
    logits = learner.predict(fitted, take(query))
    return jnp.mean(jnp.argmax(logits, axis=-1) == wanted)

  numbers = jnp.arange(len(episodes.support))
  return jnp.mean(
      jax.lax.map(
          lambda task: one(*task),
          (numbers, episodes.support, episodes.query),
          batch_size=16,
      )
  )
