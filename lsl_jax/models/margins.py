"""Margin generators: from semantic similarities of classes to margins.

References:
  Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive
  margin loss. CVPR 2020.
"""

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp


class ClassMargins(nn.Module):
  r"""Class-relevant: :math:`m_{ij} = \alpha\,\mathrm{sim}(e_i, e_j) + \beta`.

  Attributes:
    alpha: where :math:`\alpha` starts; the paper does not say.
    beta: where :math:`\beta` starts; likewise.

  References:
    Li et al. 2020, eq. 3.
  """

  alpha: float = 1.0
  beta: float = 0.0

  @nn.compact
  def __call__(self, similarities: jax.Array, *, train: bool) -> jax.Array:
    """Maps similarities `[E, N, N]` to margins of that shape."""
    del train  # there is nothing to normalise
    chex.assert_rank(similarities, 3)
    alpha = self.param('alpha', nn.initializers.constant(self.alpha), ())
    beta = self.param('beta', nn.initializers.constant(self.beta), ())
    return _without_diagonal(alpha * similarities + beta)


class TaskMargins(nn.Module):
  r"""Task-relevant: a class's similarities to the task's others make margins.

  .. math:: \{m_{yk}\}_{k \ne y} = G(\{\mathrm{sim}(e_y, e_k)\}_{k \ne y})

  G is two fully connected layers, each followed by batch normalisation and
  ReLU, so margins are not negative. A task's N classes give N rows of N - 1
  numbers; statistics run over the rows of all tasks of the step. The number of
  classes is fixed by the first call.

  Attributes:
    hidden: width between the layers; the paper does not say.
    sort: whether similarities enter in descending order, and each margin goes
      to the class whose similarity had its place. The order of a task's classes
      then plays no part, which the network by itself does not ensure; the paper
      says that it hardly matters.
    affine: whether normalised values get a trained scale and offset. Without
      them their mean and variance over the step's rows cannot shrink.
    axis_name: mapped axis over which a step's tasks are divided, or None.

  References:
    Li et al. 2020, eq. 5, figure 3 and section 4.1.2.
  """

  hidden: int = 32
  sort: bool = False
  affine: bool = True
  axis_name: str | None = None

  @nn.compact
  def __call__(self, similarities: jax.Array, *, train: bool) -> jax.Array:
    """Maps similarities `[E, N, N]` to margins of that shape.

    Args:
      similarities: of each task's classes; the diagonal plays no part.
      train: whether statistics are the step's, and the running ones updated.

    Returns:
      Margins, row = true class; zero on the diagonal.
    """
    chex.assert_rank(similarities, 3)
    way = similarities.shape[1]
    x = take_others(similarities)
    order = jnp.argsort(-x, axis=-1)
    if self.sort:
      x = jnp.take_along_axis(x, order, axis=-1)
    for number, width in enumerate((self.hidden, way - 1), start=1):
      # Batch normalisation makes a bias useless.
      x = nn.Dense(width, use_bias=False, name=f'dense{number}')(x)
      x = nn.relu(
          nn.BatchNorm(
              use_running_average=not train,
              momentum=0.9,
              use_scale=self.affine,
              use_bias=self.affine,
              axis_name=self.axis_name,
              name=f'norm{number}',
          )(x)
      )
    if self.sort:
      x = jnp.take_along_axis(x, jnp.argsort(order, axis=-1), axis=-1)
    return put_others(x)


def take_others(matrix: jax.Array) -> jax.Array:
  """Each row without its diagonal entry.

  Args:
    matrix: `[E, N, N]`.

  Returns:
    `[E, N, N - 1]`, in the order of the columns.

  >>> take_others(jnp.arange(9).reshape(1, 3, 3))[0].tolist()
  [[1, 2], [3, 5], [6, 7]]
  """
  chex.assert_rank(matrix, 3)
  columns = _other_columns(matrix.shape[1])
  return jnp.take_along_axis(matrix, columns[None], axis=2)


def put_others(rows: jax.Array) -> jax.Array:
  """The inverse of `take_others`, with zeros on the diagonal.

  >>> put_others(jnp.array([[[1, 2], [3, 5], [6, 7]]]))[0].tolist()
  [[0, 1, 2], [3, 0, 5], [6, 7, 0]]
  """
  episodes, way, _ = rows.shape
  matrix = jnp.zeros((episodes, way, way), rows.dtype)
  return matrix.at[:, jnp.arange(way)[:, None], _other_columns(way)].set(rows)


def _other_columns(way: int) -> jax.Array:
  """Columns that are not on the diagonal, `[N, N - 1]` int32."""
  places = jnp.arange(way - 1)[None, :]
  return places + (places >= jnp.arange(way)[:, None])


def _without_diagonal(matrix: jax.Array) -> jax.Array:
  return jnp.where(jnp.eye(matrix.shape[-1], dtype=bool)[None], 0, matrix)
