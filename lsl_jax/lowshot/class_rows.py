"""Rows of each class: where they are, and random ones of them.

All of it can be traced: labels may differ from draw to draw under vmap.
"""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from lsl_jax import types


class ClassRows(NamedTuple):
  """Rows sorted by class.

  Attributes:
    order: `[M]` int, rows of class 0 first, each class's in their own order.
    starts: `[C]` int, where a class begins in `order`.
    counts: `[C]` int, how many rows it has there.
  """

  order: jax.Array
  starts: jax.Array
  counts: jax.Array


def class_rows(labels: jax.Array, num_classes: int) -> ClassRows:
  """Sorts rows by class.

  Args:
    labels: `[M]` int in 0 .. num_classes - 1.
    num_classes: C; static.

  Returns:
    The rows of each class.

  >>> class_rows(jnp.array([1, 0, 1]), 2).order.tolist()
  [1, 0, 2]
  """
  chex.assert_rank(labels, 1)
  counts = jax.ops.segment_sum(jnp.ones_like(labels), labels, num_classes)
  return ClassRows(jnp.argsort(labels), jnp.cumsum(counts) - counts, counts)


def uniform_rows(
    key: types.Key, rows: ClassRows, classes: jax.Array
) -> jax.Array:
  """One random row of each of the classes asked for, with replacement.

  Args:
    key: decides which.
    rows: of each class.
    classes: `[...]` int, classes that have a row.

  Returns:
    Rows, `[...]` int.
  """
  counts = rows.counts[classes]
  position = jax.random.randint(key, classes.shape, 0, counts)
  return rows.order[rows.starts[classes] + position]


def distinct_rows(
    key: types.Key, rows: ClassRows, number: int
) -> tuple[jax.Array, jax.Array]:
  """Random rows of every class in random order, without replacement.

  Takes `number ** 2 / 2` operations a class, whatever the class's size.

  Args:
    key: decides which.
    rows: of each class.
    number: how many of each; static.

  Returns:
    Rows `[C, number]` int, and which of them exist, `[C, number]` bool: of a
    class with fewer rows, the last ones do not.
  """
  chosen: list[jax.Array] = []
  for slot, slot_key in enumerate(jax.random.split(key, number)):
    # The p-th of those not chosen yet: step over the chosen ones, in order.
    left = jnp.maximum(rows.counts - slot, 1)
    position = jax.random.randint(slot_key, left.shape, 0, left)
    if chosen:
      for taken in jnp.sort(jnp.stack(chosen), axis=0):
        position = position + (position >= taken)
    chosen.append(position)
  positions = jnp.stack(chosen, axis=1)
  exists = jnp.arange(number)[None] < rows.counts[:, None]
  positions = jnp.where(exists, positions, 0)
  return rows.order[rows.starts[:, None] + positions], exists


def distinct(key: types.Key, total: int, number: int) -> jax.Array:
  """Random different integers below a total, uniform over all such sets.

  Of a large total, twice as many as needed are drawn with replacement, and the
  first ones that differ are kept: cheaper than to shuffle the total.

  Args:
    key: decides which.
    total: positive; static.
    number: how many; static. Beyond the total they cannot differ, and are
      drawn with replacement.

  Returns:
    `[number]` int32.
  """
  if number > total:
    return jax.random.randint(key, (number,), 0, total)
  if total < 8 * number + 8:
    return jax.random.permutation(key, total)[:number]
  draws = jax.random.randint(key, (2 * number + 16,), 0, total)
  by_value = jnp.argsort(draws)  # stable: equal ones in the order drawn
  ordered = draws[by_value]
  again = jnp.concatenate([jnp.zeros(1, bool), ordered[1:] == ordered[:-1]])
  repeated = jnp.zeros(draws.shape, bool).at[by_value].set(again)
  return draws[jnp.argsort(repeated)[:number]]
