"""Refuses tasks whose arrays do not fit together, before they are compiled."""

from collections.abc import Sequence
from typing import Any

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


def check_episodes(
    base: types.Base,
    features: Any,
    episodes: types.Episode,
    base_queries: Any,
    base_labels: Any,
) -> None:
  """Checks what `episodic` is given, as it names it.

  Values of arrays that are being traced are not looked at.

  Args:
    base: of C classes.
    features: a tree of arrays `[M, ...]`.
    episodes: support `[T, N, K]`, query `[T, N, Q]`, indices of features.
    base_queries: `[T, P]` indices of features where C > 0.
    base_labels: `[T, P]` in 0 .. C - 1.

  Raises:
    ValueError: naming the argument, what is wrong with it, and what it may be.
  """
  sizes = {len(leaf) for leaf in jax.tree.leaves(features)}
  if len(sizes) != 1:
    raise ValueError(
        f'features must all be of the same images, not of {sorted(sizes)}'
    )
  (num_images,) = sizes
  support, query = np.shape(episodes.support), np.shape(episodes.query)
  if len(support) != 3 or len(query) != 3 or support[:2] != query[:2]:
    raise ValueError(
        'episodes must hold support [T, N, K] and query [T, N, Q], not'
        f' {support} and {query}'
    )
  if 0 in support or 0 in query:
    raise ValueError(f'episodes are empty: support {support}, query {query}')
  given = {'support': episodes.support, 'query': episodes.query}
  if base.num_classes:
    if base_queries is None or base_labels is None:
      raise ValueError(
          f'there are {base.num_classes} base classes; give base_queries and'
          ' base_labels to test them, or a base without templates'
      )
    given['base_queries'] = base_queries
    shape = np.shape(base_queries)
    if len(shape) != 2 or shape[0] != support[0] or 0 in shape:
      raise ValueError(
          f'base_queries must be [T, P] for {support[0]} tasks, not {shape}'
      )
    if np.shape(base_labels) != shape:
      raise ValueError(
          f'base_labels of shape {np.shape(base_labels)} for base_queries of'
          f' shape {shape}'
      )
    _check_range('base_labels', base_labels, base.num_classes)
  for name, indices in given.items():
    _check_range(name, indices, num_images)


def _check_range(name: str, values: Any, stop: int) -> None:
  if not np.issubdtype(values.dtype, np.integer):
    raise ValueError(f'{name} must be integers, not {values.dtype}')
  if isinstance(values, jax.core.Tracer):
    return
  low, high = np.min(values), np.max(values)
  if low < 0 or high >= stop:
    raise ValueError(f'{name} are {low} .. {high}; accepted: 0 .. {stop - 1}')


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
