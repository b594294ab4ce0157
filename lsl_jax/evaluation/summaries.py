"""What is reported of counts: fractions by split, label space and metric."""

import jax
import jax.numpy as jnp

from lsl_jax.evaluation import metrics
from lsl_jax.evaluation import spaces as spaces_lib

_SPLITS = {'own': ('novel', 'base'), 'prior': ('novel', 'base', 'all')}


def by_name(
    right: jax.Array,
    labels: jax.Array,
    num_base: int,
    top: tuple[int, ...],
    spaces: tuple[str, ...],
) -> dict[str, jax.Array]:
  """Fractions by the names of `evaluation.generalized`.

  Args:
    right: how many queries are right, `[..., len(spaces), len(top), 2]`, of
      base classes and of novel ones.
    labels: of the queries, `[Q]`; those below zero take no part.
    num_base: C; with none, only novel metrics are returned.
    top: how many guesses count.
    spaces: label spaces, names of `spaces.SUFFIXES`.

  Returns:
    `[...]` by name; NaN where no query counts.
  """
  fractions = {}
  for i, space in enumerate(spaces):
    suffix = spaces_lib.SUFFIXES[space]
    summary = _summary(right[..., i, :, :], labels, num_base, top)
    for name, values in summary.items():
      split, _, metric = name.partition('/')
      # A mean over images that are told which group they are in, or a mean of
      # such means, is no number of the papers.
      if space == 'joint' or split in _SPLITS[space]:
        fractions[f'{split}{suffix}/{metric}'] = values
  return fractions


def _summary(
    right: jax.Array,
    labels: jax.Array,
    num_base: int,
    top: tuple[int, ...],
) -> dict[str, jax.Array]:
  """Fractions by name from counts `[..., len(top), 2]`, base and novel."""
  labels = jnp.asarray(labels)
  num_base_queries = jnp.sum((labels >= 0) & (labels < num_base))
  num_novel_queries = jnp.sum(labels >= num_base)
  fractions = {}
  for i, k in enumerate(top):
    base_right, novel_right = right[..., i, 0], right[..., i, 1]
    novel = fractions[f'novel/top{k}'] = novel_right / num_novel_queries
    if num_base:
      base = fractions[f'base/top{k}'] = base_right / num_base_queries
      fractions[f'all/top{k}'] = (base_right + novel_right) / (
          num_base_queries + num_novel_queries
      )
      fractions[f'harmonic/top{k}'] = metrics.harmonic_mean(novel, base)
  return fractions
