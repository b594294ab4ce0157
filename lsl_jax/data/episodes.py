"""Samplers of tasks and of draws: the same for a key on every machine.

Task t comes from `fold_in(key, t)` and from whole-number arithmetic alone, so
it does not depend on how many tasks are asked for, nor on the device.
"""

from collections.abc import Sequence
import functools
import hashlib
from typing import Any

import chex
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import types
from lsl_jax.data import members

# How many priorities are in memory at once, 16 MiB of them.
_CHUNK = 2**22


def sample_episodes(
    key: jax.Array,
    labels: Any,
    *,
    classes: Sequence[int] | None = None,
    way: int,
    shots: int,
    queries: int,
    tasks: int,
    class_names: Sequence[str] | None = None,
) -> types.Episode:
  """Draws N-way K-shot tasks: N classes, and K + Q different images of each.

  Every set of N classes is equally likely, in every order, and so is every
  choice of images of a class. No image is twice in a task.

  Args:
    key: typed key; task t uses `fold_in(key, t)`.
    labels: `[M]` int, the classes of the images; any integers.
    classes: which classes may be drawn; all that occur if None.
    way: N, classes a task.
    shots: K, support images a class.
    queries: Q, query images a class.
    tasks: T.
    class_names: names by label, for error messages.

  Returns:
    `Episode(classes [T, N], support [T, N, K], query [T, N, Q])`, int32:
    labels, and indices into `labels`.

  Raises:
    ValueError: if there are fewer than N classes, or a class has fewer than
      K + Q images; the message names the class.
  """
  labels = members.check_labels(labels)
  allowed = np.unique(labels if classes is None else np.asarray(classes))
  members.check_counts(way=way, shots=shots, queries=queries + 1, tasks=tasks)
  if len(allowed) < way:
    raise ValueError(
        f'{way}-way tasks need {way} classes, there are {len(allowed)}.'
    )
  table, sizes = members.table(labels, allowed)
  members.check_sizes(
      sizes,
      shots + queries,
      f'{shots} shots + {queries} queries',
      allowed,
      class_names,
  )
  chosen, images = _draw(
      key,
      jnp.asarray(table),
      jnp.asarray(sizes),
      way=way,
      count=shots + queries,
      tasks=tasks,
  )
  labels_of_tasks = jnp.asarray(allowed.astype(np.int32))[chosen]
  return types.Episode(
      labels_of_tasks, images[..., :shots], images[..., shots:]
  )


def sample_draws(
    key: jax.Array,
    labels: Any,
    *,
    num_classes: int,
    shots: int,
    draws: int,
    class_names: Sequence[str] | None = None,
) -> jax.Array:
  """Draws K images of every class without replacement, T times.

  The draws are nested: the first n columns are the n-shot draw, and asking for
  more shots or more draws leaves those that one had as they were.

  Args:
    key: typed key; draw t uses `fold_in(key, t)`.
    labels: `[M]` int in 0 .. N - 1, the classes of the images.
    num_classes: N.
    shots: K, the largest number of shots.
    draws: T.
    class_names: names by label, for error messages.

  Returns:
    `[T, N, K]` int32 indices into `labels`; row c is of class c.

  Raises:
    ValueError: for a label out of range, or if a class has fewer than K images;
      the message names the class.
  """
  labels = members.check_labels(labels)
  members.check_counts(num_classes=num_classes, shots=shots, draws=draws)
  wrong = np.flatnonzero((labels < 0) | (labels >= num_classes))
  if len(wrong):
    raise ValueError(
        f'Image {wrong[0]} has label {labels[wrong[0]]}; accepted are 0 ..'
        f' {num_classes - 1}.'
    )
  allowed = np.arange(num_classes)
  table, sizes = members.table(labels, allowed)
  members.check_sizes(sizes, shots, f'{shots} shots', allowed, class_names)
  _, images = _draw(
      key,
      jnp.asarray(table),
      jnp.asarray(sizes),
      way=None,
      count=shots,
      tasks=draws,
  )
  return images


def episode_hash(episode: Any) -> str:
  """A short name for tasks or draws, to see that two people have the same.

  The first 16 hexadecimal digits of the SHA-256 of, for each array in turn,
  its rank, its shape and its values, all as little-endian int32.

  Args:
    episode: an `Episode`, an array of draws, or any tree of integer arrays.

  Returns:
    16 characters.

  >>> episode_hash(np.array([[1, 2]]))
  '70633b8d38da7b58'
  """
  digest = hashlib.sha256()
  for leaf in jax.tree.leaves(episode):
    array = np.asarray(leaf)
    chex.assert_type(array, int)
    for part in (np.array([array.ndim, *array.shape]), array):
      digest.update(np.ascontiguousarray(part, '<i4').tobytes())
  return digest.hexdigest()[:16]


@functools.partial(jax.jit, static_argnames=('way', 'count', 'tasks'))
def _draw(
    key: jax.Array,
    table: jax.Array,
    sizes: jax.Array,
    *,
    way: int | None,
    count: int,
    tasks: int,
) -> tuple[jax.Array, jax.Array]:
  """Rows of the table `[T, N]` and `count` members of each `[T, N, count]`.

  All rows, in their order, if `way` is None.
  """
  num_classes, largest = table.shape

  def draw(task):
    class_key, image_key = jax.random.split(jax.random.fold_in(key, task))
    if way is None:
      chosen = jnp.arange(num_classes, dtype=jnp.int32)
    else:
      chosen = jax.lax.top_k(_priorities(class_key, (num_classes,)), way)[1]
    images, size = table[chosen], sizes[chosen]
    exists = jnp.arange(largest)[None] < size[:, None]
    order = jnp.where(exists, _priorities(image_key, images.shape), -1.0)
    places = jax.lax.top_k(order, count)[1]
    return chosen, jnp.take_along_axis(images, places, axis=1)

  rows = num_classes if way is None else way
  chunks = -(-tasks // max(1, _CHUNK // (rows * largest)))
  # Equal chunks, the last one filled up, so that one body is compiled.
  chunk = -(-tasks // chunks)
  drawn = jax.lax.map(draw, jnp.arange(chunks * chunk), batch_size=chunk)
  return jax.tree.map(lambda array: array[:tasks], drawn)


def _priorities(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
  """Positive floats in random order; ties have probability 2**-30.

  30 random bits, read as the pattern of a normal float: whole-number order is
  float order, and top_k of floats is many times faster on a CPU.
  """
  bits = (jax.random.bits(key, shape) >> 2) + jnp.uint32(0x00800000)
  return jax.lax.bitcast_convert_type(bits, jnp.float32)
