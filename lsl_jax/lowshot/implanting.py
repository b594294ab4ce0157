"""Implants: new channels beside a frozen network, trained on one task.

References:
  Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
  few-shot learning. CVPR 2019, section 3.2.
"""

from typing import Any

from flax import struct
import jax
import jax.numpy as jnp
import optax

from lsl_jax import types
from lsl_jax.lowshot import implant_stream, prototypes
from lsl_jax.ops import pooling, similarity

NEEDS_TWO = (
    'implants are trained on every support example in turn, classified by'
    ' prototypes of the others (leave-one-out): they need at least two examples'
    ' a class, so there is no 1-shot'
)


@struct.dataclass
class Implanted:
  """A task's trained stream and its prototypes.

  Attributes:
    params: of the stream.
    statistics: of the support set, for batch normalisation.
    prototypes: `[N, D + channels]`.
    losses: of every epoch, `[epochs]`, before its step.
  """

  params: Any
  statistics: Any
  prototypes: jax.Array
  losses: jax.Array


def implant(
    *,
    stream: implant_stream.Stream,
    support: str = 'gap',
    query: str = 'gap',
    test_query: str = 'gap',
    epochs: int = 50,
    learning_rate: float = 1e-2,
    weight_decay: float = 1e-4,
    scale: float = 10.0,
) -> types.Learner:
  r"""Trains implants on a task's support set, then classifies by prototypes.

  .. math:: J = \sum_i \ell\big(\sigma([\tau \cos(\phi_{\theta, \theta'}(x_i),
      p_j^{(-i)})]_j), y_i\big)   \quad (11)

  where prototypes :math:`p^{(-i)}` are of all support examples but i, follow
  the implants at every step, and pass gradients on; with dense queries the sum
  also runs over positions (12). An epoch is one step of AdamW on the whole
  support set. Tests use prototypes of average-pooled support examples, as table
  3 does.

  Args:
    stream: the implants' architecture.
    support: pooling of support examples in training, 'gap' or 'gmp'.
    query: pooling of the left-out example: 'gap', 'gmp' or 'dense'.
    test_query: pooling of queries.
    epochs: steps.
    learning_rate: of AdamW; not in the paper.
    weight_decay: likewise.
    scale: :math:`\tau`.

  Returns:
    A learner whose features are dictionaries of `stream.taps()`, arrays
    `[..., H, W, F]`: all that lies below the implants or beside them is
    computed once. Its key draws the first kernels. Fit raises ValueError for
    one example a class, and where there are base classes, whose templates have
    no implanted features.

  Raises:
    ValueError: an unknown pooling; lists the valid ones.
  """
  prototypes.check_pooling('support', support, ('gap', 'gmp'))
  for name in (query, test_query):
    prototypes.check_pooling('query', name, ('gap', 'gmp', 'dense'))
  optimizer = optax.adamw(learning_rate, weight_decay=weight_decay)

  def fit(key, base, examples):
    taps, labels = examples.features, examples.labels
    _check(base, labels, examples.num_classes)

    def loss(params):
      maps, _ = stream.apply(params, taps)
      return leave_one_out_loss(
          maps,
          labels,
          examples.num_classes,
          support=support,
          query=query,
          scale=scale,
      )

    def step(carry, _):
      params, state = carry
      value, gradient = jax.value_and_grad(loss)(params)
      updates, state = optimizer.update(gradient, state, params)
      return (optax.apply_updates(params, updates), state), value

    params = stream.init(key, taps)
    (params, _), losses = jax.lax.scan(
        step, (params, optimizer.init(params)), length=epochs
    )
    maps, statistics = stream.apply(params, taps)
    means = prototypes.class_means(
        pooling.gap(maps), labels, examples.num_classes
    )
    return Implanted(params, statistics, means, losses)

  def predict(fitted, taps):
    maps, _ = stream.apply(fitted.params, taps, fitted.statistics)
    if test_query == prototypes.DENSE:
      return prototypes.log_soft_assignment(
          pooling.dense(maps), fitted.prototypes, scale=scale
      )
    vectors = pooling.POOLINGS[test_query](maps)
    return scale * prototypes.cosines(vectors, fitted.prototypes)

  return types.Learner(fit, predict)


def leave_one_out_loss(
    maps: jax.Array,
    labels: jax.Array,
    num_classes: int,
    *,
    support: str = 'gap',
    query: str = 'gap',
    scale: float = 10.0,
) -> jax.Array:
  r"""Sum over examples of the cross-entropy by prototypes of the others.

  Only the left-out example's own class changes:
  :math:`p_y^{(-i)} = (k p_y - \phi_i) / (k - 1)`, so that one pass makes all.

  Args:
    maps: of the support set, `[S, H, W, D]`.
    labels: `[S]` int in 0 .. N - 1, at least two of each class that occurs.
    num_classes: N.
    support: pooling of the prototypes' examples, 'gap' or 'gmp'.
    query: pooling of the left-out example: 'gap', 'gmp' or 'dense'.
    scale: :math:`\tau`.

  Returns:
    `[]`, in nats; with dense queries a sum over positions too.

  References:
    Lifchitz et al. 2019, eqs. 11 and 12.
  """
  vectors = pooling.POOLINGS[support](maps)
  members = (jnp.arange(num_classes)[:, None] == labels[None]).astype(
      vectors.dtype
  )
  counts = jnp.sum(members, 1)
  sums = jnp.matmul(members, vectors, precision=jax.lax.Precision.HIGHEST)
  means = sums / jnp.maximum(counts, 1)[:, None]
  others = (sums[labels] - vectors) / jnp.maximum(counts[labels] - 1, 1)[
      :, None
  ]
  queries = (
      pooling.dense(maps)
      if query == prototypes.DENSE
      else pooling.POOLINGS[query](maps)[:, None]
  )
  queries = similarity.unit(queries)
  logits = queries @ similarity.unit(means).T
  own = jnp.einsum('srd,sd->sr', queries, similarity.unit(others))
  is_own = members.T[:, None] > 0
  logits = scale * jnp.where(is_own, own[..., None], logits)
  everywhere = jnp.broadcast_to(labels[:, None], logits.shape[:2])
  return jnp.sum(
      optax.softmax_cross_entropy_with_integer_labels(logits, everywhere)
  )


def _check(base: types.Base, labels: jax.Array, num_classes: int) -> None:
  if base.num_classes:
    raise ValueError(
        f'there are {base.num_classes} base classes, but their templates have'
        ' no implanted features; evaluate implants on novel classes alone'
    )
  if len(labels) < 2 * num_classes:
    raise ValueError(
        f'{len(labels)} support examples of {num_classes} classes: {NEEDS_TWO}'
    )
