"""Generalized evaluation over base and novel classes, and transfer."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.evaluation import checks, counting, summaries
from lsl_jax.evaluation import spaces as spaces_lib


def generalized(
    key: types.Key,
    learner: types.Learner,
    base: types.Base,
    pool_features: jax.Array,
    draws: jax.Array,
    query_features: jax.Array,
    query_labels: jax.Array,
    *,
    shots: Sequence[int] = (1, 2, 5, 10, 20),
    top: Sequence[int] = (1, 5),
    chunk: int | None = None,
    tile: int | None = None,
    spaces: Sequence[str] = ('joint',),
    novel_prior: float = 0.8,
) -> dict[str, jax.Array]:
  """Accuracy in the label space of base and novel classes together.

  Each draw gives every novel class its examples; n shots see the first n of
  them, so that a draw's support sets are nested. Whatever the number of draws
  and queries, they are one compiled program whose memory holds `chunk` draws
  and `tile` queries at a time. A learner with a sweep is evaluated through it.
  Ties are broken by class index, and an example with a NaN logit is wrong.

  Args:
    key: for learners that draw numbers; draw t gets `fold_in(key, t)`.
    learner: phase 2, compiled once as long as the same object is given.
    base: of C classes; with none of them, only novel metrics are returned.
    pool_features: `[M, D]` or `[M, A, D]`, or what else the learner takes,
      from which novel examples are drawn.
    draws: `[T, N, K]` int32 indices into the pool, K >= max(shots).
    query_features: `[Q, D]`.
    query_labels: `[Q]` int32, base classes 0 .. C - 1, then novel ones up to
      C + N - 1 in the order of the draws' second axis.
    shots: numbers of examples a class, n, increasing.
    top: how many guesses count; as many as there are classes are always right.
    chunk: draws at a time; by default as many as suit the cache.
    tile: queries at a time, likewise.
    spaces: label spaces, see `spaces`. Without base classes they are the same,
      and only 'joint' is returned.
    novel_prior: of the space 'prior': the share of queries that is expected to
      be novel. 0.8 is that of Gidaris and Komodakis' public code; whoever
      chooses another one does so on validation classes.

  Returns:
    float32 fractions `[T, len(shots)]` over query images: 'novel/top1',
    'base/top1', 'all/top1' and 'harmonic/top1' (of novel and base), and so on
    for each of `top`; novel alone where C = 0. Of the space 'own',
    'novel_only/top1' and 'base_only/top1'; of 'prior', 'novel_prior/top1',
    'base_prior/top1' and 'all_prior/top1'.

  Raises:
    ValueError: for shapes, shots, indices or labels that do not fit together.

  References:
    Hariharan, Girshick. Low-shot visual recognition by shrinking and
    hallucinating features. ICCV 2017, section 4.
    Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
    section 6.2.
  """
  shots, top, spaces = tuple(shots), tuple(top), tuple(spaces)
  spaces_lib.check(spaces, novel_prior)
  checks.check_task(
      base, pool_features, draws, query_features, query_labels, shots, top
  )
  num_draws, num_novel, _ = draws.shape
  num_classes = base.num_classes + num_novel
  spaces = spaces if base.num_classes else ('joint',)
  tile = tile or (256 if jax.default_backend() == 'cpu' else 2048)
  if chunk is None:
    # One number of shots' logits: about a core's L2 cache, or a GPU's.
    room = 2**18 if jax.default_backend() == 'cpu' else 2**24
    width = num_classes if learner.sweep is None else num_novel
    chunk = max(1, room // (width * min(tile, len(query_labels))))
  arrays = (
      base,
      jnp.asarray(pool_features),
      jnp.asarray(draws),
      jnp.asarray(query_features),
      jnp.asarray(query_labels),
  )
  options = {
      'shots': shots,
      'top': tuple(min(k, num_classes) for k in top),
      'chunk': min(chunk, num_draws),
      'tile': tile,
      'spaces': spaces,
      'novel_prior': novel_prior,
  }
  if learner.sweep is None:
    right = counting.count_by_fit(key, learner, *arrays, **options)
  else:
    right = counting.count_by_sweep(learner.sweep, *arrays, **options)
  return summaries.by_name(right, query_labels, base.num_classes, top, spaces)


def transfer(
    key: types.Key,
    learner: types.Learner,
    pool_features: jax.Array,
    draws: jax.Array,
    query_features: jax.Array,
    query_labels: jax.Array,
    **options,
) -> dict[str, jax.Array]:
  """Accuracy among the novel classes alone: `generalized` without base classes.

  Args:
    key: as `generalized` takes it.
    learner: likewise.
    pool_features: likewise.
    draws: likewise.
    query_features: `[Q, D]`.
    query_labels: `[Q]` int32 in 0 .. N - 1.
    **options: `shots`, `top`, `chunk` and `tile`, likewise.

  Returns:
    float32 fractions `[T, len(shots)]`: 'novel/top1' and so on.

  Raises:
    ValueError: as `generalized` does.
  """
  no_base = types.Base(
      jnp.zeros((0, pool_features.shape[-1]), pool_features.dtype)
  )
  return generalized(
      key,
      learner,
      no_base,
      pool_features,
      draws,
      query_features,
      query_labels,
      **options,
  )


def accuracies(
    logits: jax.Array,
    labels: jax.Array,
    *,
    num_base: int,
    top: Sequence[int] = (1, 5),
    spaces: Sequence[str] = ('joint',),
    novel_prior: float = 0.8,
) -> dict[str, float]:
  """The numbers of `generalized`, of one classifier's logits.

  Args:
    logits: `[Q, C + N]`, base classes first.
    labels: `[Q]` int in 0 .. C + N - 1; others, such as -1, take no part.
    num_base: C; with none, only novel metrics are returned.
    top: how many guesses count.
    spaces: as `generalized` takes them.
    novel_prior: likewise.

  Returns:
    Fractions by the names of `generalized`; NaN where no image counts.
  """
  logits, labels = jnp.asarray(logits), jnp.asarray(labels)
  limits = tuple(min(k, logits.shape[-1]) for k in top)
  spaces_lib.check(tuple(spaces), novel_prior)
  spaces = tuple(spaces) if num_base else ('joint',)
  ranks = [
      spaces_lib.ranks(name, logits, labels, num_base, novel_prior=novel_prior)
      for name in spaces
  ]
  right = counting.count_right(jnp.stack(ranks), labels, num_base, limits)
  summary = summaries.by_name(right, labels, num_base, tuple(top), spaces)
  return {name: float(value) for name, value in summary.items()}


def predictions(
    key: types.Key,
    learner: types.Learner,
    base: types.Base,
    support: types.Support,
    query_features: jax.Array,
    *,
    tile: int = 1024,
) -> jax.Array:
  """The classes that one fitted classifier takes the queries for.

  Args:
    key: given to the learner as it is: `fold_in(key, t)` for draw t.
    learner: phase 2.
    base: of C classes.
    support: of N classes.
    query_features: `[Q, D]`.
    tile: queries at a time.

  Returns:
    `[Q]` int32 in 0 .. C + N - 1; -1 for a query with a NaN logit.
  """
  classifier = learner.fit(key, base, support)

  def predict(features):
    logits = learner.predict(classifier, features)
    best = jnp.argmax(logits, -1).astype(jnp.int32)
    return jnp.where(jnp.any(jnp.isnan(logits), -1), -1, best)

  return jax.lax.map(predict, jnp.asarray(query_features), batch_size=tile)
