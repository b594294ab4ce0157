"""Episodic evaluation: many small tasks, each with its own classes and queries.

References:
  Vinyals et al. Matching networks for one shot learning. NeurIPS 2016.
  Gidaris, Komodakis. Dynamic few-shot visual learning without forgetting.
  CVPR 2018 (tasks on novel, on base and on both classes).
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import types
from lsl_jax.evaluation import metrics

# Of what a task's features take: themselves, and what is computed of them.
_OVERHEAD = 4


def episodic(
    key: types.Key,
    learner: types.Learner,
    base: types.Base,
    features: Any,
    episodes: types.Episode,
    *,
    base_queries: Any = None,
    base_labels: Any = None,
    memory_gb: float = 1.0,
    chunk: int | None = None,
) -> dict[str, jax.Array]:
  """Accuracy of every task, fitted and tested side by side.

  | name | queries | among |
  |---|---|---|
  | `novel/top1` | of the task's classes | the task's classes |
  | `base/top1` | of base classes | base classes |
  | `all/top1` | both | base classes and the task's together |

  Only the first is measured where there are no base classes. Tasks are one
  compiled program whose memory holds a chunk of them at a time. Ties go to the
  lower class index, and an example with a NaN logit is wrong.

  Args:
    key: for learners that draw numbers; task t gets `fold_in(key, t)`.
    learner: phase 2, compiled once as long as the same object is given.
    base: of C classes; `[0, D]` templates for tasks on novel classes alone.
    features: stored features, maps, or a tree of such arrays, `[M, ...]`, of
      all images at which indices point.
    episodes: T tasks of N ways: indices into the features.
    base_queries: `[T, P]` int32 indices of the base images on which each task
      is tested; needed where C > 0.
    base_labels: `[T, P]` int32, their classes in 0 .. C - 1.
    memory_gb: of a chunk of tasks, in 10^9 bytes: about four times what the
      features of its examples and queries take.
    chunk: tasks at a time; by default as many as the memory allows.

  Returns:
    float32 fractions `[T]` by name.

  Raises:
    ValueError: for indices or labels that do not fit together.
  """
  _check(base, features, episodes, base_queries, base_labels)
  tasks = len(episodes.classes)
  if chunk is None:
    chunk = chunk_size(features, episodes, base_queries, memory_gb)
  queries = None
  if base.num_classes:
    queries = (jnp.asarray(base_queries), jnp.asarray(base_labels))
  return _accuracies(
      key,
      learner,
      base,
      jax.tree.map(jnp.asarray, features),
      (jnp.asarray(episodes.support), jnp.asarray(episodes.query)),
      queries,
      chunk=max(1, min(chunk, tasks)),
  )


def chunk_size(
    features: Any,
    episodes: types.Episode,
    base_queries: Any,
    memory_gb: float,
) -> int:
  """How many tasks a memory budget holds, at least one.

  Args:
    features: as `episodic` takes them.
    episodes: likewise.
    base_queries: likewise.
    memory_gb: in 10^9 bytes.

  Returns:
    A number of tasks; on a CPU no more than suit its caches.
  """
  row = sum(
      np.prod(leaf.shape[1:]) * max(leaf.dtype.itemsize, 4)
      for leaf in jax.tree.leaves(features)
  )
  images = np.size(episodes.support[0]) + np.size(episodes.query[0])
  if base_queries is not None:
    images += np.size(base_queries[0])
  fitting = int(memory_gb * 1e9 // (_OVERHEAD * images * row))
  if jax.default_backend() == 'cpu':
    fitting = min(fitting, max(1, int(2**22 // (images * row))))
  return max(1, fitting)


@functools.partial(jax.jit, static_argnames=('learner', 'chunk'))
def _accuracies(
    key: types.Key,
    learner: types.Learner,
    base: types.Base,
    features: Any,
    indices: tuple[jax.Array, jax.Array],
    base_queries: tuple[jax.Array, jax.Array] | None,
    *,
    chunk: int,
) -> dict[str, jax.Array]:
  num_base = base.num_classes
  tasks, way, shots = indices[0].shape
  queries = indices[1].shape[-1]
  novel_labels = jnp.repeat(jnp.arange(way, dtype=jnp.int32), queries)

  def take(rows):
    return jax.tree.map(lambda leaf: leaf[rows.reshape(-1)], features)

  def one(task, indices, base_queries):
    support = types.Support(
        take(indices[0]),
        jnp.repeat(jnp.arange(way, dtype=jnp.int32), shots),
        way,
    )
    fitted = learner.fit(jax.random.fold_in(key, task), base, support)
    novel = take(indices[1])
    if not num_base:
      logits = learner.predict(fitted, novel)
      return {'novel/top1': _share(logits, novel_labels)}
    known, known_labels = take(base_queries[0]), base_queries[1]
    on_novel = learner.predict(fitted, novel)
    on_base = learner.predict(fitted, known)
    return {
        'novel/top1': _share(
            _among(learner, fitted, novel, on_novel, num_base, num_base + way),
            novel_labels,
        ),
        'base/top1': _share(
            _among(learner, fitted, known, on_base, 0, num_base), known_labels
        ),
        'all/top1': _share(
            jnp.concatenate([on_novel, on_base]),
            jnp.concatenate([novel_labels + num_base, known_labels]),
        ),
    }

  arguments = (jnp.arange(tasks), indices, base_queries)
  arguments = jax.tree.map(lambda rows: _split(rows, chunk), arguments)
  shares = jax.lax.map(lambda some: jax.vmap(one)(*some), arguments)
  return jax.tree.map(lambda rows: rows.reshape(-1)[:tasks], shares)


def _among(learner, fitted, features, logits, first, last):
  """Logits among some classes alone."""
  if learner.restrict is None:
    return logits[..., first:last]
  return learner.predict(learner.restrict(fitted, first, last), features)


def _share(logits: jax.Array, labels: jax.Array) -> jax.Array:
  return jnp.mean(metrics.ranks(logits, labels) == 0, dtype=jnp.float32)


def _split(rows: jax.Array, chunk: int) -> jax.Array:
  """`[chunks, chunk, ...]`, the last row repeated to fill the last chunk."""
  width = -len(rows) % chunk
  rows = jnp.pad(rows, ((0, width), *((0, 0),) * (rows.ndim - 1)), mode='edge')
  return rows.reshape(-1, chunk, *rows.shape[1:])


def _check(
    base: types.Base,
    features: Any,
    episodes: types.Episode,
    base_queries: Any,
    base_labels: Any,
) -> None:
  """Refuses what does not fit together."""
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
