"""Prototypes: the nearest class mean, of pooled or of dense features.

References:
  Snell, Swersky, Zemel. Prototypical networks for few-shot learning.
  NeurIPS 2017.
  Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
  few-shot learning. CVPR 2019.
"""

import chex
from flax import struct
import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.ops import pooling, similarity

DENSE = 'dense'
QUERIES = (*pooling.POOLINGS, DENSE)


def prototypical(
    *, scale: float = 10.0, support: str = 'gap', query: str = 'gap'
) -> types.Learner:
  r"""Cosine to the mean of a class's pooled support features.

  .. math:: p_j = \frac1{|S_j|} \sum_{i \in S_j} \phi(x_i), \qquad
      \arg\max_j \cos(\phi(x), p_j)   \quad (1), (13)

  Features are not scaled to unit length before they are averaged. Of dense
  queries, every position is softly assigned and the assignments are averaged:

  .. math:: f(x) = \frac1r \sum_k \sigma\big(
      [\tau \cos(\phi^{(k)}(x), p_j)]_j\big)   \quad (14)

  Base classes keep their trained templates as prototypes. A classifier is its
  prototypes, `[C + N, D]`, base classes first.

  Args:
    scale: :math:`\tau`; of pooled queries it changes no decision.
    support: how maps of support examples become vectors, a name of
      `ops.pooling.POOLINGS`.
    query: likewise of queries, or 'dense'.

  Returns:
    A learner that ignores its key. Features are maps `[..., H, W, D]`, or
    vectors `[..., D]` where there is nothing to pool: then both poolings must
    be 'gap'. Logits are scaled cosines, or for dense queries the logarithm of
    eq. 14. It can be restricted to some of its classes.

  Raises:
    ValueError: an unknown pooling; lists the valid ones.
  """
  check_pooling('support', support, pooling.POOLINGS)
  check_pooling('query', query, QUERIES)
  pooled = (support, query) == ('gap', 'gap')

  def prepare(features):
    if isinstance(features, Prepared):
      return features
    vectors = pool(features, support, pooled)
    if query == DENSE:
      return Prepared(
          vectors, features, inverse_lengths(pooling.dense(features))
      )
    queries = vectors if query == support else pool(features, query)
    return Prepared(vectors, queries, inverse_lengths(queries))

  def fit(key, base, examples):
    del key
    vectors = prepare(examples.features).support
    means = class_means(vectors, examples.labels, examples.num_classes)
    return jnp.concatenate([base.templates, means])

  def predict(prototypes, features):
    prepared = prepare(features)
    if query == DENSE:
      return log_soft_assignment(
          pooling.dense(prepared.query),
          prototypes,
          scale=scale,
          inverse=prepared.inverse,
      )
    return scale * cosines(prepared.query, prototypes, prepared.inverse)

  def restrict(prototypes, first, last):
    return prototypes[first:last]

  return types.Learner(fit, predict, restrict=restrict, prepare=prepare)


@struct.dataclass
class Prepared:
  """What prototypes need of examples, whatever the task.

  Attributes:
    support: pooled as support examples are, `[..., D]`.
    query: pooled as queries are, `[..., D]`; their maps if these are dense.
    inverse: one over the length of each query vector, `[...]`, or of each
      position of a map `[..., R]`.
  """

  support: jax.Array
  query: jax.Array
  inverse: jax.Array


def log_soft_assignment(
    features: jax.Array,
    prototypes: jax.Array,
    *,
    scale: jax.Array | float,
    inverse: jax.Array | None = None,
) -> jax.Array:
  r"""Logarithm of the positions' mean soft assignment, eq. 14.

  Args:
    features: of every position, `[..., R, D]`.
    prototypes: `[N, D]`.
    scale: :math:`\tau`.
    inverse: the features' `inverse_lengths` `[..., R]`, where they are known.

  Returns:
    `[..., N]`, not above zero.

  References:
    Lifchitz et al. 2019, section 3.3.
  """
  logits = scale * cosines(features, prototypes, inverse)
  return jax.nn.logsumexp(
      jax.nn.log_softmax(logits, axis=-1), axis=-2
  ) - jnp.log(features.shape[-2])


def cosines(
    features: jax.Array,
    prototypes: jax.Array,
    inverse: jax.Array | None = None,
) -> jax.Array:
  """`ops.cosine_logits` that divides products, not features, by lengths.

  There are far fewer products: no second copy of the features is written.

  Args:
    features: `[..., D]`.
    prototypes: `[N, D]`.
    inverse: the features' `inverse_lengths` `[...]`, where they are known.

  Returns:
    `[..., N]` float32; zero for zero vectors.
  """
  chex.assert_rank(prototypes, 2)
  chex.assert_axis_dimension(features, -1, prototypes.shape[-1])
  if inverse is None:
    inverse = inverse_lengths(features)
  count = len(prototypes)
  # Products of a CPU work on four columns at a time, faster than on what is
  # left over.
  columns = jnp.pad(similarity.unit(prototypes), ((0, -count % 4), (0, 0)))
  products = features.astype(jnp.float32) @ columns.T
  return products[..., :count] * inverse[..., None]


def inverse_lengths(features: jax.Array) -> jax.Array:
  """One over the Euclidean length: `[..., D]` to `[...]` in float32."""
  squared = jnp.sum(jnp.square(features.astype(jnp.float32)), -1)
  return jax.lax.rsqrt(jnp.maximum(squared, 1e-12))


def class_means(
    vectors: jax.Array, labels: jax.Array, num_classes: int
) -> jax.Array:
  """Means of few examples: `ops.class_means` as one product.

  Many tasks side by side are so one batched product instead of a scatter, which
  a CPU would do one number after the other.

  Args:
    vectors: `[S, D]`.
    labels: `[S]` int; those outside 0 .. N - 1 take no part.
    num_classes: N.

  Returns:
    `[N, D]`; zero for a class without examples.
  """
  chex.assert_rank([vectors, labels], [2, 1])
  chex.assert_equal_shape_prefix([vectors, labels], 1)
  members = jnp.arange(num_classes)[:, None] == labels[None, :]
  shares = members / jnp.maximum(jnp.sum(members, 1, keepdims=True), 1)
  return jnp.matmul(
      shares.astype(vectors.dtype),
      vectors,
      precision=jax.lax.Precision.HIGHEST,
  )


def pool(features: jax.Array, how: str, vectors: bool = False) -> jax.Array:
  """Vectors of maps; where allowed, features that are vectors already stay.

  Args:
    features: maps `[B, H, W, D]`, or vectors `[B, D]`.
    how: a name of `ops.pooling.POOLINGS`.
    vectors: whether vectors are accepted.

  Returns:
    `[B, D]`.
  """
  if vectors and features.ndim == 2:
    return features
  return pooling.POOLINGS[how](features)


def check_pooling(what: str, name: str, valid) -> None:
  """Refuses an unknown pooling with a ValueError that lists the valid ones."""
  if name not in valid:
    raise ValueError(
        f'{what} pooling is {name!r}; accepted: {", ".join(valid)}'
    )
