"""Latent codes of many images, of which a step touches only its batch's.

Codes live in P parts. A batch takes as many rows from each part, so parts can
be divided among up to P devices together with the images that they belong to,
and no device ever needs another's codes. What happens depends on the number of
parts, not on the number of devices.
"""

from typing import Any

import chex
from flax import struct
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import ops


@struct.dataclass
class Codes:
  """Codes on the unit sphere, and what Adam remembers of each.

  Attributes:
    values: the codes, `[P, m, Z]`; code i is in part i mod P, row i // P. Rows
      beyond the last code are unused.
    first: means of their gradients, `[P, m, Z]`.
    second: means of the gradients' squares, `[P, m, Z]`.
    count: updates of each code, since its means were last forgotten, `[P, m]`.
    period: the period (see `update`) of a code's last update, `[P, m]`.
  """

  values: jax.Array
  first: jax.Array
  second: jax.Array
  count: jax.Array
  period: jax.Array


def create(values: jax.Array, *, parts: int = 1) -> Codes:
  """Codes before their first update.

  Args:
    values: `[M, Z]`, brought to unit length.
    parts: P, at least one.

  Returns:
    The codes in their parts.

  Raises:
    ValueError: there are no codes, or fewer than parts.
  """
  chex.assert_rank(values, 2)
  if not 1 <= parts <= len(values):
    raise ValueError(
        f'{len(values)} codes in {parts} parts; there must be from one part to'
        ' as many as codes'
    )
  values = divide(ops.unit(jnp.asarray(values, jnp.float32)), parts)
  return Codes(
      values=values,
      first=jnp.zeros_like(values),
      second=jnp.zeros_like(values),
      count=jnp.zeros(values.shape[:2], jnp.int32),
      period=jnp.zeros(values.shape[:2], jnp.int32),
  )


def divide(array: Any, parts: int) -> Any:
  """Lays `[M, ...]` out in parts, `[P, m, ...]`; a short part ends in the last.

  Args:
    array: one entry an image, a JAX or NumPy array.
    parts: P.

  Returns:
    An array of the same kind: entry i in part i mod P, row i // P.

  >>> divide(jnp.arange(5), 2).tolist()
  [[0, 2, 4], [1, 3, 4]]
  """
  rows = -(-len(array) // parts)
  last = len(array) - 1
  order = np.minimum(np.arange(rows * parts).reshape(rows, parts), last).T
  return array[order]


def join(array: jax.Array, total: int) -> jax.Array:
  """Undoes `divide`: `[P, m, ...]` to `[total, ...]`."""
  parts, rows = array.shape[:2]
  swapped = array.swapaxes(0, 1)
  return swapped.reshape(parts * rows, *array.shape[2:])[:total]


def take(array: jax.Array, rows: jax.Array) -> jax.Array:
  """Each part's entries at its rows: `[P, m, ...]` at `[P, b]`."""
  return jax.vmap(lambda part, own: part[own])(array, rows)


def update(
    codes: Codes,
    rows: jax.Array,
    gradients: jax.Array,
    *,
    learning_rate: jax.Array | float,
    b1: float = 0.5,
    b2: float = 0.999,
    eps: float = 1e-8,
    period: jax.Array | int = 0,
) -> Codes:
  r"""One step of Adam on some codes, and back to the sphere.

  .. math:: z \leftarrow \frac{z - \eta\, \hat m / (\sqrt{\hat v} + \epsilon)}
      {\lVert z - \eta\, \hat m / (\sqrt{\hat v} + \epsilon) \rVert}

  Codes that are not among the rows, and their means, stay as they are, and
  nothing is computed for them; the bias of the means is corrected by the number
  of updates that a code itself has had. A row that is named twice is updated
  once, by the sum of both gradients.

  Args:
    codes: before.
    rows: which codes of each part, `[P, b]` int.
    gradients: of the loss, `[P, b, Z]`.
    learning_rate: :math:`\eta`.
    b1: how much of its past the mean of gradients keeps.
    b2: how much of its past the mean of squares keeps.
    eps: added to the root.
    period: a code whose last update was in another period first forgets its
      means: the authors' program makes its optimisers anew in every epoch.

  Returns:
    The codes after the step.
  """
  chex.assert_rank([rows, gradients], [2, 3])
  chex.assert_equal_shape_prefix([rows, gradients], 2)
  equal = rows[:, :, None] == rows[:, None, :]
  gradients = jnp.einsum(
      'pij,pjz->piz',
      equal.astype(gradients.dtype),
      gradients,
      precision=jax.lax.Precision.HIGHEST,
  )
  before = take(codes.period, rows)
  kept = (before == period)[..., None]
  count = jnp.where(kept[..., 0], take(codes.count, rows), 0) + 1
  first = jnp.where(kept, take(codes.first, rows), 0.0)
  second = jnp.where(kept, take(codes.second, rows), 0.0)
  first = b1 * first + (1 - b1) * gradients
  second = b2 * second + (1 - b2) * jnp.square(gradients)
  times = count.astype(jnp.float32)[..., None]
  direction = (first / (1 - b1**times)) / (
      jnp.sqrt(second / (1 - b2**times)) + eps
  )
  values = ops.unit(take(codes.values, rows) - learning_rate * direction)
  return Codes(
      values=_put(codes.values, rows, values),
      first=_put(codes.first, rows, first),
      second=_put(codes.second, rows, second),
      count=_put(codes.count, rows, count),
      # Read from what was there, so that the compiler sees that it may be
      # overwritten in place; what it does not see, it copies as a whole.
      period=_put(codes.period, rows, jnp.where(kept[..., 0], before, period)),
  )


def _put(array, rows, entries):
  """Replaces each part's entries at its rows; equal rows have equal entries."""
  return jax.vmap(lambda part, own, new: part.at[own].set(new))(
      array, rows, entries
  )
