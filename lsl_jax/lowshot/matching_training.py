"""Training of a matching network on episodes of all base classes.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.4 (details as in the authors'
  code).
"""

import functools
from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import types
from lsl_jax.lowshot import class_rows, descent
from lsl_jax.models import matching


class MatchingEpisode(NamedTuple):
  """Rows of one training episode, classes in random order.

  Attributes:
    classes: `[C]` int, the order.
    queries: `[C]` int, one row a class.
    support: `[C * max_shots]` int, class after class.
    labels: `[C * max_shots]` int, -1 where a class has fewer shots.
  """

  classes: jax.Array
  queries: jax.Array
  support: jax.Array
  labels: jax.Array


def matching_episode(
    key: types.Key, rows: class_rows.ClassRows, *, max_shots: int
) -> MatchingEpisode:
  """Draws one query and 1 to `max_shots` support examples of every class.

  The number of shots is uniform, each class's own; the query is not among the
  support (the authors draw it from all of the class's images).

  Args:
    key: decides the episode.
    rows: of each class, two or more.
    max_shots: the most support examples of a class; static.

  Returns:
    The episode.
  """
  order_key, shots_key, row_key = jax.random.split(key, 3)
  num_classes = rows.counts.shape[0]
  drawn, exists = class_rows.distinct_rows(row_key, rows, max_shots + 1)
  shots = jax.random.randint(shots_key, (num_classes,), 1, max_shots + 1)
  used = exists[:, 1:] & (jnp.arange(max_shots)[None] < shots[:, None])
  labels = jnp.where(used, jnp.arange(num_classes)[:, None], -1)
  order = jax.random.permutation(order_key, num_classes)
  return MatchingEpisode(
      order,
      drawn[order, 0],
      drawn[order, 1:].reshape(-1),
      labels[order].reshape(-1),
  )


def train_matching_network(
    key: types.Key,
    features: jax.Array,
    labels: jax.Array,
    *,
    num_classes: int,
    max_shots: int = 10,
    iterations: int = 60_000,
    learning_rate: jax.Array | float = 0.1,
    decay_every: int = 20_000,
    momentum: jax.Array | float = 0.9,
    dampening: jax.Array | float = 0.9,
    weight_decay: jax.Array | float = 1e-3,
    attention_steps: int = 5,
) -> tuple[Any, jax.Array]:
  """Trains a matching network on stored base features, as one scan.

  Each step is one episode of all classes: the mean negative log-probability of
  the queries' classes. The LSTMs walk along up to C x max_shots examples one
  after the other, which is what a step's time goes into.

  Args:
    key: of the initial parameters and the episodes.
    features: stored base examples, `[M, D]`.
    labels: `[M]` int in 0 .. num_classes - 1, two or more of each.
    num_classes: C.
    max_shots: the most support examples of a class.
    iterations: episodes.
    learning_rate: divided by ten every `decay_every` episodes; may be traced.
    decay_every: episodes.
    momentum: see `descent.descend`.
    dampening: see `descent.descend`.
    weight_decay: on all parameters.
    attention_steps: K, how often a query looks at the support.

  Returns:
    Parameters of `models.MatchingNetwork`, and every step's loss,
    `[iterations]`.

  Raises:
    ValueError: if a class has fewer than two examples.
  """
  chex.assert_rank([features, labels], [2, 1])
  chex.assert_equal_shape_prefix([features, labels], 1)
  if not isinstance(labels, jax.core.Tracer):
    counts = np.bincount(np.asarray(labels), minlength=num_classes)
    if counts.min() < 2:
      raise ValueError(
          f'class {int(np.argmin(counts))} has {counts.min()} examples; an'
          ' episode needs two, a query and one for the support'
      )
  return _train(
      key,
      features,
      labels,
      learning_rate,
      momentum,
      dampening,
      weight_decay,
      num_classes=num_classes,
      max_shots=max_shots,
      iterations=iterations,
      decay_every=decay_every,
      attention_steps=attention_steps,
  )


@functools.partial(
    jax.jit,
    static_argnames=(
        'num_classes',
        'max_shots',
        'iterations',
        'decay_every',
        'attention_steps',
    ),
)
def _train(
    key,
    features,
    labels,
    learning_rate,
    momentum,
    dampening,
    weight_decay,
    *,
    num_classes,
    max_shots,
    iterations,
    decay_every,
    attention_steps,
):
  rows = class_rows.class_rows(labels, num_classes)
  size = features.shape[-1]
  network = matching.MatchingNetwork(size, attention_steps)
  init_key, episode_key = jax.random.split(key)
  blank = jnp.zeros((1, size))
  variables = network.init(
      init_key, blank, blank, jnp.zeros(1, jnp.int32), num_classes
  )

  def loss(params, step):
    episode = matching_episode(
        jax.random.fold_in(episode_key, step), rows, max_shots=max_shots
    )
    log_probabilities: Any = network.apply(
        {'params': params},
        features[episode.queries].astype(jnp.float32),
        features[episode.support].astype(jnp.float32),
        episode.labels,
        num_classes,
    )
    right = jnp.take_along_axis(
        log_probabilities, episode.classes[:, None], axis=1
    )
    return -jnp.mean(right)

  return descent.descend(
      jax.value_and_grad(loss),
      variables['params'],
      iterations=iterations,
      learning_rate=descent.staircase(learning_rate, every=decay_every),
      momentum=momentum,
      dampening=dampening,
      weight_decay=weight_decay,
  )
