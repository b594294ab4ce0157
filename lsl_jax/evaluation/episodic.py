"""Episodic evaluation: many small tasks, each with its own classes and queries.

References:
  Vinyals et al. Matching networks for one shot learning. NeurIPS 2016.
  Gidaris, Komodakis. Dynamic few-shot visual learning without forgetting.
  CVPR 2018 (tasks on novel, on base and on both classes).
"""

from collections.abc import Callable
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import types
from lsl_jax.evaluation import checks, cores, metrics

# Of what a task's features take: themselves, and what is computed of them.
_OVERHEAD = 4
# Bytes of features that a core goes through fastest, by trying.
_CACHE = 2**20


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
  compiled program whose memory holds a chunk of them at a time, on a CPU in
  every core. Ties go to the lower class index, and an example with a NaN logit
  is wrong.

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
    memory_gb: of the tasks at work, in 10^9 bytes, taken to need four times
      what the features of their examples and queries take. Learners that hold
      more, such as implants in two blocks of a narrow network, exceed it.
    chunk: the most tasks at a time, of each core of a CPU; by default as many
      as the memory allows, and on a CPU no more than suit its caches.

  Returns:
    float32 fractions `[T]` by name.

  Raises:
    ValueError: for indices or labels that do not fit together.
  """
  checks.check_episodes(base, features, episodes, base_queries, base_labels)
  if chunk is None:
    chunk = chunk_size(features, episodes, base_queries, memory_gb)
  features = jax.tree.map(jnp.asarray, features)
  if learner.prepare is not None:
    features = _prepare(features, prepare=learner.prepare)
  rows: tuple[Any, ...] = (
      np.arange(len(episodes.classes), dtype=np.int32),
      episodes.support,
      episodes.query,
  )
  if base.num_classes:
    rows = (*rows, base_queries, base_labels)
  return cores.map_chunks(
      _accuracies, (key, base, features), rows, chunk, learner=learner
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
    A number of tasks, of each core on a CPU, and there no more than suit its
    caches.
  """
  row = sum(
      np.prod(leaf.shape[1:]) * max(leaf.dtype.itemsize, 4)
      for leaf in jax.tree.leaves(features)
  )
  images = np.size(episodes.support[0]) + np.size(episodes.query[0])
  if base_queries is not None:
    images += np.size(base_queries[0])
  fitting = memory_gb * 1e9 / (_OVERHEAD * images * row * cores.threads())
  if jax.default_backend() == 'cpu':
    fitting = min(fitting, _CACHE / (images * row))
  return max(1, int(fitting))


@functools.partial(jax.jit, static_argnames='prepare')
def _prepare(features: Any, *, prepare: Callable[[Any], Any]) -> Any:
  return prepare(features)


@functools.partial(jax.jit, static_argnames='learner')
def _accuracies(
    given: tuple[types.Key, types.Base, Any],
    rows: tuple[jax.Array, ...],
    *,
    learner: types.Learner,
) -> dict[str, jax.Array]:
  """Of tasks `[n, c]`: their numbers, supports, queries, and base queries."""
  key, base, features = given
  num_base = base.num_classes
  way, shots = rows[1].shape[-2:]
  labels = lambda count: jnp.repeat(jnp.arange(way, dtype=jnp.int32), count)
  novel_labels = labels(rows[2].shape[-1])

  def take(indices):
    return jax.tree.map(lambda leaf: leaf[indices.reshape(-1)], features)

  def one(number, support, query, *base_queries):
    examples = types.Support(take(support), labels(shots), way)
    fitted = learner.fit(jax.random.fold_in(key, number), base, examples)
    novel = take(query)
    on_novel = learner.predict(fitted, novel)
    if not num_base:
      return {'novel/top1': _share(on_novel, novel_labels)}
    known, known_labels = take(base_queries[0]), base_queries[1]
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

  return jax.lax.map(lambda some: jax.vmap(one)(*some), rows)


def _among(learner, fitted, features, logits, first, last):
  """Logits among some classes alone."""
  if learner.restrict is None:
    return logits[..., first:last]
  return learner.predict(learner.restrict(fitted, first, last), features)


def _share(logits: jax.Array, labels: jax.Array) -> jax.Array:
  return jnp.mean(metrics.ranks(logits, labels) == 0, dtype=jnp.float32)
