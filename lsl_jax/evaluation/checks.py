"""Refuses tasks whose arrays do not fit together, before they are compiled."""

from collections.abc import Sequence

import jax
import numpy as np

from lsl_jax import types


def check_task(
    base: types.Base,
    pool: jax.Array,
    draws: jax.Array,
    queries: jax.Array,
    labels: jax.Array,
    shots: Sequence[int],
    top: Sequence[int],
) -> None:
  """Checks what `protocols.generalized` is given, as it names it.

  Values of arrays that are being traced are not looked at.

  Args:
    base: of C classes.
    pool: `[M, ...]`.
    draws: `[T, N, K]` int.
    queries: `[Q, ...]`.
    labels: `[Q]` int.
    shots: increasing, 1 to K.
    top: at least 1 each.

  Raises:
    ValueError: naming the argument, what is wrong with it, and what it may be.
  """
  if np.ndim(draws) != 3 or 0 in np.shape(draws):
    raise ValueError(
        'draws must be [T, N, K] indices, none of the three zero, not of shape'
        f' {np.shape(draws)}'
    )
  if np.ndim(labels) != 1 or len(labels) != len(queries) or not len(labels):
    raise ValueError(
        f'query_labels of shape {np.shape(labels)} for {len(queries)} query'
        ' features; give one label a query, and at least one query'
    )
  for name, values in (('draws', draws), ('query_labels', labels)):
    if not np.issubdtype(values.dtype, np.integer):
      raise ValueError(f'{name} must be integers, not {values.dtype}')
  if not shots or any(n >= m for n, m in zip((0, *shots), shots, strict=False)):
    raise ValueError(f'shots must be positive and increasing, not {shots}')
  if shots[-1] > draws.shape[-1]:
    raise ValueError(
        f'{shots[-1]} shots, but draws hold {draws.shape[-1]} examples a class'
    )
  if not top or min(top) < 1:
    raise ValueError(f'top must hold numbers of guesses from 1 on, not {top}')
  _check_values(base.num_classes, len(pool), draws, labels)


def _check_values(
    num_base: int, pool_size: int, draws: jax.Array, labels: jax.Array
) -> None:
  if not isinstance(draws, jax.core.Tracer):
    low, high = np.min(draws), np.max(draws)
    if low < 0 or high >= pool_size:
      raise ValueError(
          f'draws point at examples {low} .. {high} of a pool that has 0 ..'
          f' {pool_size - 1}'
      )
  if isinstance(labels, jax.core.Tracer):
    return
  low, high = np.min(labels), np.max(labels)
  num_classes = num_base + draws.shape[1]
  if low < 0 or high >= num_classes:
    raise ValueError(
        f'query_labels lie in {low} .. {high}; with {num_base}'
        f' base and {draws.shape[1]} novel classes they may be 0 ..'
        f' {num_classes - 1}'
    )
  if high < num_base:
    raise ValueError(
        f'query_labels hold no novel class ({num_base} .. {num_classes - 1})'
    )
  if num_base and low >= num_base:
    raise ValueError(
        f'query_labels hold no base class (0 .. {num_base - 1}); use transfer'
        ' to evaluate among novel classes alone'
    )
