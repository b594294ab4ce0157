"""How near a query is to a prototype: the metric of metric-based learners."""

from collections.abc import Callable, Mapping

import chex
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity

# Squared distance below which the distance's slope no longer grows.
_EPSILON = 1e-12


def squared_euclidean_scores(
    queries: jax.Array, prototypes: jax.Array
) -> jax.Array:
  r"""Minus the squared Euclidean distance, :math:`-\lVert x - r \rVert^2`.

  Args:
    queries: :math:`x`, `[M, D]`.
    prototypes: :math:`r`, `[N, D]`.

  Returns:
    Scores `[M, N]`, not positive, in squared feature units.

  References:
    Snell, Swersky, Zemel. Prototypical networks for few-shot learning. NeurIPS
    2017, section 2.4.

  >>> squared_euclidean_scores(jnp.zeros((1, 2)), jnp.array([[3.0, 4.0]]))
  Array([[-25.]], dtype=float32)
  """
  return -similarity.squared_distances(queries, prototypes)


def euclidean_scores(queries: jax.Array, prototypes: jax.Array) -> jax.Array:
  r"""Minus the Euclidean distance itself, :math:`-\lVert x - r \rVert`.

  The gradient is finite where the two coincide.

  Args:
    queries: :math:`x`, `[M, D]`.
    prototypes: :math:`r`, `[N, D]`.

  Returns:
    Scores `[M, N]`, negative, in feature units; -1e-6 where the two coincide.

  References:
    Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive
    margin loss. CVPR 2020, section 4.3.2 (the opposite of the distance; not
    squared in the authors' baseline AM3).

  >>> euclidean_scores(jnp.zeros((1, 2)), jnp.array([[3.0, 4.0]]))
  Array([[-5.]], dtype=float32)
  """
  squared = similarity.squared_distances(queries, prototypes)
  return -jnp.sqrt(jnp.maximum(squared, _EPSILON))


def cosine_scores(queries: jax.Array, prototypes: jax.Array) -> jax.Array:
  """Cosines, `[M, N]`; see `similarity.cosine_logits`."""
  return similarity.cosine_logits(queries, prototypes)


METRICS: Mapping[str, Callable[[jax.Array, jax.Array], jax.Array]] = {
    'squared_euclidean': squared_euclidean_scores,
    'euclidean': euclidean_scores,
    'cosine': cosine_scores,
}


def metric(name: str) -> Callable[[jax.Array, jax.Array], jax.Array]:
  """A metric by name: `(queries [M, D], prototypes [N, D]) -> [M, N]`.

  Raises:
    ValueError: an unknown name; lists the valid ones.
  """
  if name not in METRICS:
    raise ValueError(
        f'unknown metric {name!r}; valid ones: {", ".join(METRICS)}'
    )
  return METRICS[name]


def similarity_matrix(vectors: jax.Array) -> jax.Array:
  r"""Cosine of each pair of classes, :math:`\mathrm{sim}(e_i, e_j)`.

  Args:
    vectors: semantic vectors :math:`e`, `[C, V]`; a zero vector is like
      nothing, itself included.

  Returns:
    `[C, C]`, symmetric, in -1 .. 1.

  References:
    Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive
    margin loss. CVPR 2020, eq. 3.

  >>> similarity_matrix(jnp.array([[2.0, 0.0], [0.0, 3.0]])).tolist()
  [[1.0, 0.0], [0.0, 1.0]]
  """
  chex.assert_rank(vectors, 2)
  vectors = similarity.unit(vectors)
  return jnp.matmul(vectors, vectors.T, precision=jax.lax.Precision.HIGHEST)
