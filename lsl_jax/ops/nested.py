"""Sums (or maxima) of rows over nested draws, one table for all draws."""

from collections.abc import Callable, Sequence

import chex
import jax
import jax.numpy as jnp

_ROWS_A_KERNEL = 10

Combine = Callable[[jax.Array, jax.Array], jax.Array]


def nested_reduce(
    table: jax.Array,
    draws: jax.Array,
    shots: Sequence[int],
    *,
    combine: Combine = jnp.add,
) -> tuple[jax.Array, ...]:
  r"""Combines the table's rows that the first n columns of a draw point at.

  .. math:: r^{(n)}_{t c} = \sum_{k \le n} \mathrm{table}[\mathrm{draw}_{t c k}]

  Every number of shots goes on from the one before, so that all of them take
  as many additions as the largest alone.

  Args:
    table: `[M, Q]`.
    draws: rows of the table, `[t, N, K]` int.
    shots: how many columns to combine, n: increasing, 1 to K; static.
    combine: of two arrays, element by element: `jnp.add`, `jnp.maximum`.

  Returns:
    One array `[t, N, Q]` for each number of shots.

  >>> table = jnp.array([[1.0], [2.0], [4.0]])
  >>> nested_reduce(table, jnp.array([[[2, 0, 1]]]), (1, 3))
  (Array([[[4.]]], dtype=float32), Array([[[7.]]], dtype=float32))
  """
  chex.assert_rank([table, draws], [2, 3])
  shots = tuple(shots)
  if any(n >= m for n, m in zip((0, *shots), shots, strict=False)):
    raise ValueError(f'shots must be positive and increasing, not {shots}')
  if shots and shots[-1] > draws.shape[-1]:
    raise ValueError(
        f'{shots[-1]} shots, but a draw has {draws.shape[-1]} examples a class'
    )
  total = table[draws[..., 0]]
  done = 1
  results = []
  for n in shots:
    while done < n:
      stop = min(n, done + _ROWS_A_KERNEL)
      total = _combine_rows(combine, table, draws[..., done:stop], total)
      done = stop
    results.append(total)
  return tuple(results)


def _combine_rows(
    combine: Combine, table: jax.Array, columns: jax.Array, total: jax.Array
) -> jax.Array:
  """Adds some columns' rows to the total, in one pass over it."""

  def fused(table, columns, total):
    for k in range(columns.shape[-1]):
      total = combine(total, table[columns[..., k]])
    return total

  def apart(table, columns, total):
    # Left to itself, XLA's CPU compiler writes every gathered row to memory,
    # and sums all of them again for each number of shots. It does not fuse
    # across a branch, so this one, which is always taken, doubles the speed.
    return jax.lax.cond(
        columns[0, 0, 0] >= 0,
        fused,
        lambda table, columns, total: total,
        table,
        columns,
        total,
    )

  if not columns.size:
    return total
  return jax.lax.platform_dependent(
      table, columns, total, cpu=apart, default=fused
  )
