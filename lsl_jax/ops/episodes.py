"""The layout of episodes in a batch: episode by episode, class by class."""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp


class EpisodeShape(NamedTuple):
  """How large the episodes of a batch are.

  Attributes:
    way: N, classes an episode.
    shots: K, support examples a class.
    queries: Q, query examples a class.
  """

  way: int
  shots: int
  queries: int

  @property
  def rows(self) -> int:
    """Rows of a batch that one episode takes, N x (K + Q)."""
    return self.way * (self.shots + self.queries)


class Split(NamedTuple):
  """A batch seen as E episodes.

  Attributes:
    support: `[E, N, K, ...]`.
    queries: `[E, N x Q, ...]`, class by class.
    labels: `[E, N x Q]` int32, positions 0 .. N - 1 within the episode.
    classes: `[E, N]` int32, the classes of the batch's labels.
  """

  support: jax.Array
  queries: jax.Array
  labels: jax.Array
  classes: jax.Array


def split_episodes(
    rows: jax.Array, labels: jax.Array, shape: EpisodeShape
) -> Split:
  """Divides rows into support and queries.

  Rows lie episode by episode, within it class by class, and within that the
  support before the queries.

  Args:
    rows: `[E x N x (K + Q), ...]`, such as embeddings.
    labels: `[E x N x (K + Q)]` int, the classes in any label space.
    shape: N, K and Q.

  Returns:
    The episodes.

  Raises:
    ValueError: the rows are no whole number of episodes.

  >>> labels = jnp.array([7, 7, 7, 4, 4, 4])
  >>> split = split_episodes(labels[:, None], labels, EpisodeShape(2, 1, 2))
  >>> split.classes.tolist(), split.labels.tolist()
  ([[7, 4]], [[0, 0, 1, 1]])
  """
  chex.assert_rank(labels, 1)
  chex.assert_equal_shape_prefix([rows, labels], 1)
  way, shots, queries = shape
  episodes, rest = divmod(rows.shape[0], shape.rows)
  if rest or not episodes:
    raise ValueError(
        f'{rows.shape[0]} rows are no whole number of {way}-way episodes of'
        f' {shots} + {queries} examples a class, {shape.rows} rows each; a'
        ' batch, and each part of it on a device of its own, must hold whole'
        ' episodes'
    )
  trailing = rows.shape[1:]
  grouped = rows.reshape(episodes, way, shots + queries, *trailing)
  places = jnp.repeat(jnp.arange(way, dtype=jnp.int32), queries)
  return Split(
      support=grouped[:, :, :shots],
      queries=grouped[:, :, shots:].reshape(episodes, way * queries, *trailing),
      labels=jnp.broadcast_to(places[None], (episodes, way * queries)),
      classes=labels.reshape(episodes, way, shots + queries)[:, :, 0],
  )
