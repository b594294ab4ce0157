"""Counts right answers of every draw in one program and bounded memory."""

from collections.abc import Callable
import functools
from typing import Any

import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.evaluation import ranking
from lsl_jax.evaluation import spaces as spaces_lib


@functools.partial(
    jax.jit,
    static_argnames=(
        'sweep',
        'shots',
        'top',
        'chunk',
        'tile',
        'spaces',
        'novel_prior',
    ),
)
def count_by_sweep(
    sweep: Callable[..., Any],
    base: types.Base,
    pool: jax.Array,
    draws: jax.Array,
    queries: jax.Array,
    labels: jax.Array,
    *,
    shots: tuple[int, ...],
    top: tuple[int, ...],
    chunk: int,
    tile: int,
    spaces: tuple[str, ...] = ('joint',),
    novel_prior: float = 0.5,
) -> jax.Array:
  """Right answers, by the learner's sweep.

  The outer loop runs over tiles of queries, whose products with the pool stay
  in the cache while the inner loop runs over chunks of draws.

  Args:
    sweep: of a learner.
    base: of C classes.
    pool: `[M, ...]` from which the draws are.
    draws: `[T, N, K]` int32.
    queries: `[Q, D]`.
    labels: `[Q]` int32 in the joint label space.
    shots: how many columns of a draw are seen, increasing.
    top: how many guesses count, at most C + N.
    chunk: draws at a time.
    tile: queries at a time.
    spaces: label spaces of `spaces.SPACES`.
    novel_prior: of the space 'prior'.

  Returns:
    `[T, len(shots), len(spaces), len(top), 2]` int32: of base, and of novel
    queries.
  """
  num_draws = draws.shape[0]
  padded = _pad(draws, chunk)
  fitted, score = sweep(base, pool, padded, shots)
  rank = {
      'joint': ranking.joint_ranks,
      'own': ranking.own_ranks,
      'prior': functools.partial(ranking.prior_ranks, novel_prior=novel_prior),
  }
  fitted = jax.tree.map(lambda leaf: _split(leaf, chunk), fitted)

  def add_tile(total, queries_and_labels):
    queries, labels = queries_and_labels
    base_logits, novel = score(queries)
    shared = ranking.shared(base_logits, labels, max(top))

    def count_chunk(fitted):
      ranks = [
          jnp.stack([rank[name](shared, logits) for name in spaces], 1)
          for logits in novel(fitted)
      ]
      return count_right(jnp.stack(ranks, 1), labels, base.num_classes, top)

    counts = jax.lax.map(count_chunk, fitted)
    return total + counts.reshape(total.shape), None

  shape = (len(padded), len(shots), len(spaces), len(top), 2)
  total = jnp.zeros(shape, jnp.int32)
  tiles = _tiles(queries, labels, tile)
  return jax.lax.scan(add_tile, total, tiles)[0][:num_draws]


@functools.partial(
    jax.jit,
    static_argnames=(
        'learner',
        'shots',
        'top',
        'chunk',
        'tile',
        'spaces',
        'novel_prior',
    ),
)
def count_by_fit(
    key: types.Key,
    learner: types.Learner,
    base: types.Base,
    pool: jax.Array,
    draws: jax.Array,
    queries: jax.Array,
    labels: jax.Array,
    *,
    shots: tuple[int, ...],
    top: tuple[int, ...],
    chunk: int,
    tile: int,
    spaces: tuple[str, ...] = ('joint',),
    novel_prior: float = 0.5,
) -> jax.Array:
  """Right answers, by fitting a classifier to every draw and number of shots.

  Args:
    key: draw t gets `fold_in(key, t)`, for every number of shots.
    learner: any.
    base: of C classes.
    pool: `[M, ...]` from which the draws are.
    draws: `[T, N, K]` int32.
    queries: `[Q, ...]`.
    labels: `[Q]` int32 in the joint label space.
    shots: how many columns of a draw are seen, increasing.
    top: how many guesses count, at most C + N.
    chunk: draws at a time.
    tile: queries at a time.
    spaces: label spaces of `spaces.SPACES`.
    novel_prior: of the space 'prior'.

  Returns:
    `[T, len(shots), len(spaces), len(top), 2]` int32: of base, and of novel
    queries.
  """
  num_draws, num_novel, _ = draws.shape
  tiles = _tiles(queries, labels, tile)

  def count_one(trial, draw, n):
    indices = draw[:, :n].reshape(-1)
    support = types.Support(
        pool[indices], jnp.repeat(jnp.arange(num_novel), n), num_novel
    )
    classifier = learner.fit(jax.random.fold_in(key, trial), base, support)

    def add_tile(total, queries_and_labels):
      queries, labels = queries_and_labels
      logits = learner.predict(classifier, queries)
      ranks = jnp.stack(
          [
              spaces_lib.ranks(
                  name,
                  logits,
                  labels,
                  base.num_classes,
                  novel_prior=novel_prior,
              )
              for name in spaces
          ]
      )
      return total + count_right(ranks, labels, base.num_classes, top), None

    total = jnp.zeros((len(spaces), len(top), 2), jnp.int32)
    return jax.lax.scan(add_tile, total, tiles)[0]

  def count_all(trial, draw):
    return jnp.stack([count_one(trial, draw, n) for n in shots])

  padded = _pad(draws, chunk)
  trials = jnp.arange(len(padded))
  counts = jax.lax.map(
      lambda some: jax.vmap(count_all)(*some),
      (_split(trials, chunk), _split(padded, chunk)),
  )
  return counts.reshape(-1, *counts.shape[2:])[:num_draws]


def count_right(
    ranks: jax.Array, labels: jax.Array, num_base: int, top: tuple[int, ...]
) -> jax.Array:
  """Counts the right answers.

  Args:
    ranks: `[..., Q]` int32.
    labels: `[Q]` int in the joint label space; negative ones take no part.
    num_base: C.
    top: how many guesses count, at most C + N.

  Returns:
    `[..., len(top), 2]` int32: of base, and of novel queries.
  """
  is_base = (labels >= 0) & (labels < num_base)
  among = jnp.stack([is_base, labels >= num_base])
  among = among.reshape((1,) * ranks.ndim + among.shape)
  limits = jnp.array(top).reshape((1,) * (ranks.ndim - 1) + (-1, 1))
  right = ranks[..., None, :] < limits
  return jnp.sum(right[..., None, :] & among, -1, dtype=jnp.int32)


def _pad(rows: jax.Array, multiple: int) -> jax.Array:
  """Repeats the last row until there are a multiple of so many."""
  width = -len(rows) % multiple
  return jnp.pad(rows, ((0, width), *((0, 0),) * (rows.ndim - 1)), mode='edge')


def _split(rows: jax.Array, size: int) -> jax.Array:
  return rows.reshape(-1, size, *rows.shape[1:])


def _tiles(
    queries: jax.Array, labels: jax.Array, tile: int
) -> tuple[jax.Array, jax.Array]:
  """Queries `[tiles, tile, ...]` and labels, -1 where there is no query."""
  # Equal tiles, of vector registers, so that little is padded.
  number = -(-len(labels) // tile)
  size = -(-len(labels) // number)
  size += -size % min(16, tile)
  width = number * size - len(labels)
  labels = jnp.pad(labels, (0, width), constant_values=-1)
  # The last query once more is as finite as the others are.
  queries = _pad(queries, number * size)
  return _split(queries, size), _split(labels, size)
