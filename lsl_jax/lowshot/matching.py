"""Matching networks as a learner of base and novel classes together.

References:
  Vinyals et al. Matching networks for one shot learning. NeurIPS 2016.
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.4.
"""

from typing import Any

import chex
from flax import struct
import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.lowshot import balance, class_rows
from lsl_jax.models import matching


@struct.dataclass
class Encoded:
  """The examples that queries are compared with.

  Attributes:
    examples: in their context, `[S', D]`.
    labels: `[S']` int32, base classes first.
    num_classes: C + N; static under jit.
  """

  examples: jax.Array
  labels: jax.Array
  num_classes: int = struct.field(pytree_node=False)


def matching_network(
    params: Any, *, per_class: int = 100, attention_steps: int = 5
) -> types.Learner:
  """Compares queries with some base examples and the novel ones, repeated.

  Of every base class `per_class` random examples are taken, of smaller classes
  all, cyclically; the novel examples are repeated until classes have about as
  many. The order, on which an LSTM's states depend, is: base classes in the
  order of labels, each class's examples as they are stored; then the novel
  examples by class, and that whole sequence again for every repetition.

  Args:
    params: of `models.MatchingNetwork`, as `train_matching_network` gives them.
    per_class: examples of each class.
    attention_steps: as in training.

  Returns:
    A learner that needs `base.features` and `base.labels` (ValueError where
    they are missing); its logits are log-probabilities.
  """

  def network(size):
    return matching.MatchingNetwork(size, attention_steps)

  def fit(key, base, support):
    pool = balance.pool(base, support)
    novel = jnp.argsort(support.labels) + pool.base.shape[0]
    wanted = per_class * support.num_classes
    rows = jnp.tile(novel, -(-wanted // novel.shape[0]))
    if pool.num_base:
      chosen = _some_rows(key, base.labels, pool.num_base, per_class)
      rows = jnp.concatenate([chosen.reshape(-1), rows])
    labels = pool.labels[rows]
    examples: Any = network(pool.novel.shape[-1]).apply(
        {'params': params}, pool.features(rows), labels, method='encode_support'
    )
    return Encoded(examples, labels, pool.num_classes)

  def predict(encoded, features):
    size = features.shape[-1]
    logits: Any = network(size).apply(
        {'params': params},
        features.reshape(-1, size).astype(jnp.float32),
        encoded.examples,
        encoded.labels,
        encoded.num_classes,
        method='log_probabilities',
    )
    return logits.reshape(*features.shape[:-1], encoded.num_classes)

  return types.Learner(fit, predict)


def _some_rows(key, labels, num_classes, number):
  """Random rows `[C, number]` of each class, in ascending order."""
  chex.assert_rank(labels, 1)
  rows = class_rows.class_rows(labels, num_classes)
  shuffled = jnp.lexsort((jax.random.uniform(key, labels.shape), labels))
  positions = jnp.arange(number)[None] % rows.counts[:, None]
  return jnp.sort(shuffled[rows.starts[:, None] + positions], axis=1)
