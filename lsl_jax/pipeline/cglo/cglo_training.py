"""The machinery of cGLO's training: order, optimisers, program, placement."""

from collections.abc import Callable, Iterator
import dataclasses
import functools
import json
from typing import Any

import jax
from jax.experimental import multihost_utils
import jax.numpy as jnp
import numpy as np

from lsl_jax import synthesis, training
from lsl_jax.data.streaming import order
from lsl_jax.pipeline.stages import fitting
from lsl_jax.synthesis import codes as codes_lib
from lsl_jax.synthesis import step as step_lib


class Rows:
  """Which rows of each part a step takes: an epoch visits every image.

  It visits images with labels several times, so that with few of them an epoch
  is as long as with many, and all others once.

  Args:
    count: images.
    parts: P.
    each: rows a step takes of each part, b.
    repetitions: how often an epoch visits an image with a label.
    seed: of the orders.
    labelled: how many images, the first ones, have labels; None: all.

  Attributes:
    steps_per_epoch: of all images; epochs of single parts differ a little where
      there are not as many images in each.
  """

  def __init__(
      self,
      count: int,
      parts: int,
      each: int,
      repetitions: int,
      seed: int,
      *,
      labelled: int | None = None,
  ):
    labelled = count if labelled is None else labelled
    # Image i is row i // P of part i % P: labelled ones come first there, too.
    rows = lambda images, part: -(-(images - part) // parts)
    self._visits = []
    for part in range(parts):
      known = np.arange(rows(labelled, part))
      others = np.arange(len(known), rows(count, part))
      visits = np.concatenate([np.tile(known, repetitions), others])
      self._visits.append(visits.astype(np.int32))
    self._orders = [
        order.Epochs(
            len(visits), each, fitting.derived_seed(seed, 'part', part)
        )
        for part, visits in enumerate(self._visits)
    ]
    visits = repetitions * labelled + count - labelled
    self.steps_per_epoch = visits / (parts * each)

  def batches(self, step: int) -> Iterator[np.ndarray]:
    """Rows `[P, b]` int32 of one step after another."""
    while True:
      yield np.stack(
          [
              visits[own(step)]
              for own, visits in zip(self._orders, self._visits, strict=True)
          ]
      )
      step += 1


@functools.lru_cache(maxsize=8)
def groups(
    recipe: str, steps_per_epoch: float, num_steps: int
) -> tuple[dict[str, synthesis.Group], step_lib.Rate]:
  """Optimisers of both networks, and the rate of the codes."""
  spec = json.loads(recipe)
  rate = lambda learning_rate: training.schedules.make(
      spec['schedule'],
      learning_rate=learning_rate,
      steps_per_epoch=steps_per_epoch,
      num_steps=num_steps,
  )
  made = {}
  for name in ('generator', 'classifier'):
    own = dict(spec[f'{name}_optimizer'])
    learning_rate = own.pop('learning_rate', None)
    if learning_rate is None:
      raise ValueError(f'cglo.{name}_optimizer needs a learning_rate')
    try:
      optimizer = training.optimizer.make(
          {**own, 'learning_rate': 1.0},
          steps_per_epoch=steps_per_epoch,
          num_steps=num_steps,
      )
    except ValueError as error:
      raise ValueError(f'cglo.{name}_optimizer: {error}') from error
    made[name] = synthesis.Group(optimizer, rate(learning_rate))
  return made, rate(spec['code_rate'])


@functools.lru_cache(maxsize=8)
def machinery(
    generation: synthesis.Generation,
    recipe: str,
    steps_per_epoch: float,
    num_steps: int,
    mesh: jax.sharding.Mesh,
) -> tuple[dict[str, synthesis.Group], Callable[..., Any]]:
  """The same step for all seeds, compiled once.

  Args:
    generation: what is trained.
    recipe: `config.cglo` as JSON, which can be compared and hashed.
    steps_per_epoch: of the schedules.
    num_steps: of the whole run.
    mesh: the devices.

  Returns:
    The optimisers, and `run(state, rows, key, images, labels, measure)`.
  """
  own, code_rate = groups(recipe, steps_per_epoch, num_steps)
  spec = json.loads(recipe)
  step = synthesis.make_step(
      generation,
      own,
      code_rate=code_rate,
      b1=spec['b1'],
      b2=spec['b2'],
      forget_every=max(1, round(steps_per_epoch)) if spec['forget'] else None,
  )

  def run(state, rows, key, images, labels, measure):
    batch = synthesis.Batch(
        codes_lib.take(images, rows).astype(jnp.float32) / 255,
        codes_lib.take(labels, rows),
        rows,
    )
    new_state, metrics = step(state, batch, key, measure)
    networks: Any = new_state
    # What the compiler would otherwise be free to choose.
    codes = jax.lax.with_sharding_constraint(
        new_state.codes, training.sharding.divided(mesh)
    )
    rest = jax.lax.with_sharding_constraint(
        (dataclasses.replace(networks, codes=None), metrics),
        training.sharding.replicated(mesh),
    )
    return dataclasses.replace(rest[0], codes=codes), rest[1]

  return own, jax.jit(run, donate_argnums=0)


def put_parts(array: Any, mesh: jax.sharding.Mesh) -> jax.Array:
  """Divides `[P, ...]`, which every process has whole, by its parts."""
  target = training.sharding.divided(mesh)
  return jax.make_array_from_callback(
      array.shape, target, lambda place: array[place]
  )


def put_state(tree: Any, mesh: jax.sharding.Mesh) -> Any:
  """Puts a state's codes by their parts, and all else everywhere."""
  if not isinstance(tree, step_lib.State):
    return training.sharding.replicate(tree, mesh)
  codes = jax.tree.map(
      lambda leaf: put_parts(np.asarray(leaf), mesh), tree.codes
  )
  whole: Any = tree
  rest = dataclasses.replace(whole, codes=None)
  rest = training.sharding.replicate(rest, mesh)
  return dataclasses.replace(rest, codes=codes)


def fetch(leaf: jax.Array) -> np.ndarray:
  """A whole array, in memory that no later step may overwrite."""
  if leaf.is_fully_addressable or leaf.is_fully_replicated:
    return np.array(leaf)
  return np.array(multihost_utils.process_allgather(leaf, tiled=True))
