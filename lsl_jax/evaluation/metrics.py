"""What is right: ranks, top-k, accuracy, recall, the harmonic mean."""

import chex
import jax
import jax.numpy as jnp


def ranks(logits: jax.Array, labels: jax.Array) -> jax.Array:
  r"""How many classes come before the right one, 0 for the best.

  .. math:: \#\{c : z_c > z_y\} + \#\{c < y : z_c = z_y\}

  Equal logits are ordered by class index, as argmax and stable sorting have
  it, so that a classifier for which all classes are equal is right by chance
  only. An example with a NaN among its logits comes last, with rank C.

  Args:
    logits: :math:`z`, `[..., C]`.
    labels: :math:`y`, `[...]` int in 0 .. C - 1; the ranks of other labels
      mean nothing.

  Returns:
    `[...]` int32.

  >>> ranks(jnp.array([[0.5, 0.9, 0.5]] * 3), jnp.array([0, 1, 2]))
  Array([1, 0, 2], dtype=int32)
  """
  chex.assert_equal_shape_prefix([logits, labels], labels.ndim)
  chex.assert_rank(logits, labels.ndim + 1)
  num_classes = logits.shape[-1]
  place = labels[..., None]
  own = jnp.take_along_axis(logits, jnp.clip(place, 0, num_classes - 1), -1)
  classes = jnp.arange(num_classes).reshape((1,) * labels.ndim + (-1,))
  above = (logits > own) | ((logits == own) & (classes < place))
  # A compiler may compute the logits anew for `own`, and round otherwise.
  above &= classes != place
  broken = jnp.any(jnp.isnan(logits), -1)
  return jnp.where(broken, num_classes, jnp.sum(above, -1, dtype=jnp.int32))


def top_k(logits: jax.Array, labels: jax.Array, k: int = 1) -> jax.Array:
  """Whether the right class is among the k best.

  Args:
    logits: `[..., C]`.
    labels: `[...]` int in 0 .. C - 1.
    k: at least 1; from C on, every example without NaN is right.

  Returns:
    `[...]` bool. Ties and NaN as `ranks` has them.
  """
  return ranks(logits, labels) < min(k, logits.shape[-1])


def accuracy(correct: jax.Array, mask: jax.Array | None = None) -> jax.Array:
  """Share of right examples among those that count.

  Args:
    correct: `[..., Q]` bool.
    mask: `[..., Q]` or `[Q]` bool, which examples count; all if absent.

  Returns:
    `[...]` float32 fraction; NaN where no example counts.
  """
  if mask is None:
    return jnp.mean(correct, -1, dtype=jnp.float32)
  mask = jnp.broadcast_to(mask, correct.shape)
  return jnp.sum(correct & mask, -1) / jnp.sum(mask, -1)


def harmonic_mean(novel: jax.Array, base: jax.Array) -> jax.Array:
  r"""Harmonic mean of two accuracies: high only where both are.

  .. math:: 2 a b / (a + b), \quad 0 \text{ where both are } 0

  Args:
    novel: :math:`a`, any shape, fractions.
    base: :math:`b`, the same shape.

  Returns:
    Fractions of that shape.

  >>> harmonic_mean(jnp.array([0.5, 0.0]), jnp.array([0.25, 0.0]))
  Array([0.33333334, 0.        ], dtype=float32)
  """
  chex.assert_equal_shape([novel, base])
  total = novel + base
  return 2 * novel * base / jnp.where(total == 0, 1, total)


def recalls(
    correct: jax.Array, labels: jax.Array, num_classes: int
) -> jax.Array:
  """Share of right examples of each class.

  Args:
    correct: `[Q]` bool.
    labels: `[Q]` int; examples labelled outside 0 .. C - 1 take no part.
    num_classes: C.

  Returns:
    `[C]` float32 fractions; NaN for a class without examples.
  """
  chex.assert_rank([correct, labels], 1)
  chex.assert_equal_shape([correct, labels])
  table = confusion(jnp.where(correct, labels, -1), labels, num_classes)
  members = _count(labels, num_classes)
  return jnp.diagonal(table) / members


def mean_recall(
    correct: jax.Array, labels: jax.Array, num_classes: int
) -> jax.Array:
  """Mean of the classes' recalls: rare classes count as much as frequent ones.

  Args:
    correct: `[Q]` bool.
    labels: `[Q]` int; examples labelled outside 0 .. C - 1 take no part.
    num_classes: C.

  Returns:
    float32 fraction, over the classes that have examples; NaN if none has.

  >>> correct = jnp.array([True, False, True])
  >>> mean_recall(correct, jnp.array([0, 0, 2]), 3)
  Array(0.75, dtype=float32)
  """
  of_class = recalls(correct, labels, num_classes)
  present = ~jnp.isnan(of_class)
  return jnp.sum(jnp.where(present, of_class, 0)) / jnp.sum(present)


def confusion(
    predictions: jax.Array, labels: jax.Array, num_classes: int
) -> jax.Array:
  """How often each class is taken for each other.

  Args:
    predictions: `[Q]` int; those outside 0 .. C - 1 are in no column.
    labels: `[Q]` int; examples labelled outside 0 .. C - 1 take no part.
    num_classes: C.

  Returns:
    `[C, C]` int32 counts: row = label, column = prediction.
  """
  chex.assert_rank([predictions, labels], 1)
  chex.assert_equal_shape([predictions, labels])
  valid = (predictions >= 0) & (predictions < num_classes)
  valid &= (labels >= 0) & (labels < num_classes)
  cell = jnp.where(valid, labels * num_classes + predictions, -1)
  return _count(cell, num_classes**2).reshape(num_classes, num_classes)


def _count(values: jax.Array, length: int) -> jax.Array:
  """How often 0 .. length - 1 occur; other values are not counted."""
  values = jnp.where(values < 0, length, values)
  return jnp.zeros(length, jnp.int32).at[values].add(1, mode='drop')
