"""Incremental imprinting: examples and classes arrive one after the other.

A class is remembered as the sum of its unit features and their number; no
example is stored.

References:
  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
  section 4.2; section 7 (additional examples are averaged with the weights).
"""

import chex
from flax import struct
import jax
import jax.numpy as jnp

from lsl_jax.lowshot import imprinting
from lsl_jax.ops import similarity


@struct.dataclass
class RunningSums:
  """What is remembered of every novel class.

  Attributes:
    sums: of unit features, `[N, D]`.
    counts: examples so far, `[N]` int32.
  """

  sums: jax.Array
  counts: jax.Array


def start(num_classes: int, num_features: int) -> RunningSums:
  """Remembers nothing yet.

  Args:
    num_classes: N, may be zero.
    num_features: D.

  Returns:
    Sums and counts of zero.
  """
  return RunningSums(
      jnp.zeros((num_classes, num_features)), jnp.zeros(num_classes, jnp.int32)
  )


def add_examples(
    state: RunningSums, features: jax.Array, labels: jax.Array
) -> RunningSums:
  """Adds examples to the classes that they belong to.

  Any division of the same examples into calls gives the same sums, up to the
  rounding of additions in another order. Labels outside 0 .. N - 1 take no
  part. Classes without a new example keep their bits.

  Args:
    state: of N classes.
    features: `[S, D]`, or `[S, A, D]` with A augmented views an example.
    labels: `[S]` int.

  Returns:
    The state with these examples.

  >>> state = add_examples(start(1, 2), jnp.array([[4.0, 0.0]]), jnp.array([0]))
  >>> state = add_examples(state, jnp.array([[0.0, 6.0]]), jnp.array([0]))
  >>> state.sums, state.counts
  (Array([[1., 1.]], dtype=float32), Array([2], dtype=int32))
  """
  examples = imprinting.unit_examples(features)
  chex.assert_rank(labels, 1)
  chex.assert_equal_shape_prefix([examples, labels], 1)
  chex.assert_equal_shape_suffix([examples, state.sums], 1)
  # Negative labels would count from the end.
  labels = jnp.where(labels < 0, state.counts.shape[0], labels)
  return RunningSums(
      state.sums.at[labels].add(examples, mode='drop'),
      state.counts.at[labels].add(1, mode='drop'),
  )


def add_class(state: RunningSums, features: jax.Array) -> RunningSums:
  """Appends a class, and leaves all others bit-identical.

  Args:
    state: of N classes.
    features: the new class's examples, `[S, D]` or `[S, A, D]`; S may be zero.

  Returns:
    The state of N + 1 classes.
  """
  new = add_examples(
      start(1, state.sums.shape[1]),
      features,
      jnp.zeros(features.shape[0], jnp.int32),
  )
  return jax.tree.map(lambda *rows: jnp.concatenate(rows), state, new)


def templates(state: RunningSums) -> jax.Array:
  """The imprinted templates of the classes remembered.

  Args:
    state: of N classes.

  Returns:
    Unit vectors `[N, D]`; a class without examples has the zero vector.
  """
  counts = jnp.maximum(state.counts, 1)[:, None]
  return similarity.unit(state.sums / counts)
