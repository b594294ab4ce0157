"""Nearest neighbour: every example is stored, the most similar one decides.

References:
  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018.
"""

import chex
from flax import struct
import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.ops import nested, similarity


@struct.dataclass
class Memory:
  """The stored examples of all classes.

  Attributes:
    examples: unit vectors, `[M, D]`.
    labels: `[M]` int32, base classes first.
    num_classes: C + N; static under jit.
  """

  examples: jax.Array
  labels: jax.Array
  num_classes: int = struct.field(pytree_node=False)


def nearest_neighbour(*, scale: float = 10.0) -> types.Learner:
  r"""Scores a class by the largest cosine over its stored examples.

  .. math:: s \max_{i: y_i = c} \cos(x, \phi(x_i))

  Of unit vectors the largest cosine is the smallest Euclidean distance, so the
  highest score is the nearest neighbour's class (section 6.3, figure 6). With
  one example a class it equals imprinting. Augmented views, `[S, A, D]`, are
  all stored. Base classes store `base.features` where given, their template
  otherwise. A class that stores nothing scores minus infinity.

  Args:
    scale: :math:`s`; changes no decision.

  Returns:
    A learner that ignores its key; its sweep takes a pool `[M, D]` or
    `[M, A, D]`.
  """

  def fit(key, base, support):
    del key
    base_examples, base_labels = _base_examples(base)
    novel_examples = _stored(support.features)
    views = novel_examples.shape[0] // support.labels.shape[0]
    novel_labels = jnp.repeat(support.labels, views) + base.num_classes
    return Memory(
        jnp.concatenate([base_examples, novel_examples]),
        jnp.concatenate([base_labels, novel_labels]),
        base.num_classes + support.num_classes,
    )

  def predict(memory, features):
    cosines = similarity.unit(features) @ memory.examples.T
    best = jax.ops.segment_max(
        jnp.moveaxis(cosines, -1, 0), memory.labels, memory.num_classes
    )
    return scale * jnp.moveaxis(best, 0, -1)

  def sweep(base, pool, draws, shots):
    chex.assert_rank(pool, {2, 3})
    examples = _stored(pool)
    base_examples, base_labels = _base_examples(base)

    def score(queries):
      chex.assert_rank(queries, 2)
      queries = similarity.unit(queries)
      base_logits = scale * jax.ops.segment_max(
          base_examples @ queries.T, base_labels, base.num_classes
      )
      cosines = scale * (examples @ queries.T)
      best_view = jnp.max(
          cosines.reshape(pool.shape[0], -1, queries.shape[0]), axis=1
      )

      def novel(draws):
        return nested.nested_reduce(
            best_view, draws, shots, combine=jnp.maximum
        )

      return base_logits, novel

    return draws, score

  return types.Learner(fit, predict, sweep)


def _stored(features: jax.Array) -> jax.Array:
  """Unit vectors `[S * A, D]` of features `[S, D]` or `[S, A, D]`."""
  chex.assert_rank(features, {2, 3})
  return similarity.unit(features).reshape(-1, features.shape[-1])


def _base_examples(base: types.Base) -> tuple[jax.Array, jax.Array]:
  if base.features is None:
    return similarity.unit(base.templates), jnp.arange(base.num_classes)
  if base.labels is None:
    raise ValueError('base.features are given without base.labels')
  return similarity.unit(base.features), base.labels
