"""Batches of many base examples and few novel ones, in fair shares.

The examples stay where they are: draws that share the base classes' stored
features share one copy of them under vmap.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.3.
"""

from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.lowshot import class_rows

BALANCES = ('paper', 'authors')


class Pool(NamedTuple):
  """All examples of the joint label space; base rows before novel ones.

  Attributes:
    base: stored base features, `[M, D]`; M may be zero.
    novel: the support's features, `[S, D]`.
    labels: `[M + S]` int32, base classes first.
    num_base: base classes, C.
    num_classes: C + N.
  """

  base: jax.Array
  novel: jax.Array
  labels: jax.Array
  num_base: int
  num_classes: int

  def features(self, rows: jax.Array) -> jax.Array:
    """Features `[B, D]`, float32, of rows `[B]`."""
    stored = self.base.shape[0]
    novel = self.novel[jnp.maximum(rows - stored, 0)].astype(jnp.float32)
    if not stored:
      return novel
    base = self.base[jnp.minimum(rows, stored - 1)].astype(jnp.float32)
    return jnp.where((rows < stored)[:, None], base, novel)


def pool(base: types.Base, support: types.Support) -> Pool:
  """Base and novel examples in one label space.

  Args:
    base: with its features and labels, unless it has no classes.
    support: features `[S, D]`, or `[S, A, D]` whose views count as examples.

  Returns:
    The pool.

  Raises:
    ValueError: if base classes come without examples.
  """
  chex.assert_rank(support.features, {2, 3})
  chex.assert_equal_shape_prefix([support.features, support.labels], 1)
  size = support.features.shape[-1]
  novel = support.features.reshape(-1, size)
  views = novel.shape[0] // support.labels.shape[0]
  labels = jnp.repeat(support.labels, views) + base.num_classes
  num_classes = base.num_classes + support.num_classes
  if not base.num_classes:
    return Pool(jnp.zeros((0, size)), novel, labels, 0, num_classes)
  if base.features is None or base.labels is None:
    raise ValueError(
        f'{base.num_classes} base classes without base.features and'
        ' base.labels; this learner trains on stored base examples'
    )
  chex.assert_shape(base.features, (base.labels.shape[0], size))
  labels = jnp.concatenate([base.labels.astype(labels.dtype), labels])
  return Pool(base.features, novel, labels, base.num_classes, num_classes)


def sampler(
    name: str, pool: Pool, batch_size: int
) -> Callable[[types.Key], jax.Array]:
  r"""Draws the rows of a batch.

  | name | batch |
  |---|---|
  | `paper` | uniform over classes, then uniform within the class |
  | `authors` | round(B C / (C + N)) base examples, uniform over images, |
  | | without replacement; then novel ones, uniform over examples, with it |

  Args:
    name: one of `BALANCES`, the second as in the authors' code.
    pool: of examples; classes without any are passed over.
    batch_size: B; static.

  Returns:
    `key -> rows [B]` int.
  """
  if name == 'authors':
    stored, added = pool.base.shape[0], pool.novel.shape[0]
    num_base = base_share(pool, batch_size)

    def draw(key):
      base_key, novel_key = jax.random.split(key)
      novel = stored + jax.random.randint(
          novel_key, (batch_size - num_base,), 0, added
      )
      if not num_base:
        return novel
      base = class_rows.distinct(base_key, stored, num_base)
      return jnp.concatenate([base, novel])

    return draw

  rows = class_rows.class_rows(pool.labels, pool.num_classes)
  present_first = jnp.argsort(rows.counts == 0)
  num_present = jnp.sum(rows.counts > 0)

  def draw_evenly(key):
    class_key, row_key = jax.random.split(key)
    which = jax.random.randint(class_key, (batch_size,), 0, num_present)
    return class_rows.uniform_rows(row_key, rows, present_first[which])

  return draw_evenly


def weights(name: str, pool: Pool, batch_size: int) -> jax.Array:
  """How often each example is drawn, as a share of all draws.

  Args:
    name: as in `sampler`.
    pool: of examples.
    batch_size: as in `sampler`.

  Returns:
    `[M + S]`, which sums to one; with `paper`, zero for a label beyond the last
    class.
  """
  if name == 'authors':
    stored, added = pool.base.shape[0], pool.novel.shape[0]
    share = base_share(pool, batch_size) / batch_size
    return jnp.concatenate(
        [
            jnp.full(stored, share / max(stored, 1)),
            jnp.full(added, (1 - share) / added),
        ]
    )
  ones = jnp.ones(pool.labels.shape)
  counts = jax.ops.segment_sum(ones, pool.labels, pool.num_classes)
  share = 1 / (counts[pool.labels] * jnp.sum(counts > 0))
  return jnp.where(pool.labels < pool.num_classes, share, 0)


def base_share(pool: Pool, batch_size: int) -> int:
  """Base examples in the authors' batches: those of C in C + N classes."""
  return round(pool.num_base / pool.num_classes * batch_size)
