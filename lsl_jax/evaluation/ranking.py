"""Ranks in the joint label space, where all draws share the base logits."""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Shared(NamedTuple):
  """What is the same of some queries for every draw.

  Attributes:
    labels: `[Q]` int32, base classes 0 .. C - 1, novel ones from C on.
    num_base: C.
    most: ranks from here on need not be told apart.
    own: `[Q]` the right class's logit, of queries of base classes.
    above: `[Q]` int32 base classes before the right one, of the same; `most`
      where a base logit is NaN.
    best: `[min(most, C), Q]` the largest base logits.
    total: `[Q]` logarithm of the summed exponentials of the base logits.
  """

  labels: jax.Array
  num_base: int
  most: int
  own: jax.Array
  above: jax.Array
  best: jax.Array
  total: jax.Array


def shared(base_logits: jax.Array, labels: jax.Array, most: int) -> Shared:
  """Prepares the ranking of some queries.

  Args:
    base_logits: `[C, Q]`.
    labels: `[Q]` int32 in the joint label space.
    most: ranks from here on need not be told apart.

  Returns:
    The part of the work that no draw changes.
  """
  num_base = base_logits.shape[0]
  broken = jnp.any(jnp.isnan(base_logits), 0)
  above = jnp.where(broken, most, 0)
  total = jax.nn.logsumexp(base_logits, 0)
  if not num_base:
    own = jnp.zeros(labels.shape, base_logits.dtype)
    return Shared(labels, num_base, most, own, above, base_logits, total)
  own = _of_class(base_logits, labels)
  is_base = labels < num_base
  above += jnp.where(is_base, _before(base_logits, own[None], labels, most), 0)
  best = jax.lax.top_k(base_logits.T, min(most, num_base))[0].T
  return Shared(labels, num_base, most, own, above, best, total)


def joint_ranks(shared: Shared, novel_logits: jax.Array) -> jax.Array:
  """Ranks of the right classes among all, up to `shared.most`.

  Args:
    shared: of the queries.
    novel_logits: `[t, N, Q]`, of t draws.

  Returns:
    `[t, Q]` int32, as `metrics.ranks` of `[base, novel]` logits where that is
    less than `shared.most`, at least `shared.most` elsewhere.
  """
  place = shared.labels - shared.num_base
  is_base = (place < 0)[None]
  own = jnp.where(is_base, shared.own[None], _of_class(novel_logits, place))
  # Of the base classes, which all come before a novel one, only as many can
  # matter as the longest list of guesses has places.
  beaten_by = jnp.sum(shared.best[None] >= own[:, None], 1, dtype=jnp.int32)
  ranks = _before(novel_logits, own[:, None], place, shared.most)
  return ranks + shared.above[None] + jnp.where(is_base, 0, beaten_by)


def own_ranks(shared: Shared, novel_logits: jax.Array) -> jax.Array:
  """Ranks among the classes of the right one's own group, base or novel.

  Args:
    shared: of the queries.
    novel_logits: `[t, N, Q]`, of t draws.

  Returns:
    `[t, Q]` int32, as `spaces.ranks` of 'own', up to `shared.most`.
  """
  place = shared.labels - shared.num_base
  own = _of_class(novel_logits, place)
  ranks = _before(novel_logits, own[:, None], place, shared.most)
  broken = jnp.any(jnp.isnan(novel_logits), -2)
  among_base = jnp.where(broken, shared.most, 0)
  return shared.above[None] + jnp.where((place < 0)[None], among_base, ranks)


def prior_ranks(
    shared: Shared, novel_logits: jax.Array, novel_prior: float
) -> jax.Array:
  """Ranks in the joint label space, given how many queries are novel.

  Only the distance between the two groups changes, by one number a query.

  Args:
    shared: of the queries.
    novel_logits: `[t, N, Q]`, of t draws.
    novel_prior: see `spaces.with_prior`.

  Returns:
    `[t, Q]` int32, as `spaces.ranks` of 'prior', up to `shared.most`.
  """
  odds = jnp.log(novel_prior) - jnp.log1p(-novel_prior)
  shift = odds + shared.total[None] - jax.nn.logsumexp(novel_logits, -2)
  return joint_ranks(shared, novel_logits + shift[:, None])


def _of_class(logits: jax.Array, place: jax.Array) -> jax.Array:
  """Logits `[..., N, Q]` of one class a query, `[Q]`, clipped: `[..., Q]`."""
  place = jnp.clip(place, 0, logits.shape[-2] - 1)
  shape = (*logits.shape[:-2], 1, len(place))
  return jnp.take_along_axis(
      logits, jnp.broadcast_to(place, shape), -2
  ).squeeze(-2)


def _before(
    logits: jax.Array, own: jax.Array, place: jax.Array, most: int
) -> jax.Array:
  """How many classes of `[..., N, Q]` come before `own`, `[..., 1, Q]`."""
  num_classes = logits.shape[-2]
  classes = jnp.arange(num_classes)[:, None]
  # "Not less" instead of "more or equal": NaN counts as before everything.
  before = jnp.where(classes < place[None], ~(logits < own), ~(logits <= own))
  # A compiler may compute the logits anew for `own`, and round otherwise.
  before = jnp.where(classes == place[None], False, before)
  counts = jnp.where(jnp.isnan(logits), most, before)
  return jnp.sum(counts, -2, dtype=jnp.int32)
