"""Triplets of a batch: for every example a hard positive and a hard negative.

References:
  Schroff, Kalenichenko, Philbin. FaceNet: a unified embedding for face
  recognition and clustering. CVPR 2015.
  Hermans, Beyer, Leibe. In defense of the triplet loss for person
  re-identification. arXiv 2017.
"""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity

NEGATIVES = ('semi_hard', 'hardest')


class Triplets(NamedTuple):
  """One triplet for every example of a batch, as indices into it.

  Attributes:
    anchor: `[B]` int32, every example once.
    positive: `[B]` int32, of the anchor's class, another example.
    negative: `[B]` int32, of another class.
    valid: `[B]` bool. Where it is False the anchor has no positive or no
      negative, and both are the anchor itself.
  """

  anchor: jax.Array
  positive: jax.Array
  negative: jax.Array
  valid: jax.Array


def mine_triplets(
    embeddings: jax.Array, labels: jax.Array, *, negatives: str = 'semi_hard'
) -> Triplets:
  r"""Chooses a triplet for every anchor among the examples of its batch.

  The positive is the farthest example of the anchor's class. The negative is

  * 'hardest': the nearest example of another class;
  * 'semi_hard': the nearest one of those that are farther than the positive,
    which keep the loss below its margin, so that embeddings do not collapse
    early in training; if all are nearer, the farthest of them.

  Among equals the first counts. No gradient flows through the choice. Leave
  invalid anchors out of the mean, for instance by
  `jnp.sum(jnp.where(valid, losses, 0)) / jnp.maximum(jnp.sum(valid), 1)`.

  Args:
    embeddings: `[B, D]`.
    labels: classes, `[B]` int.
    negatives: 'semi_hard' or 'hardest'.

  Returns:
    The triplets, all indices in 0 .. B - 1.

  Raises:
    ValueError: `negatives` is something else.

  References:
    Schroff et al. 2015, section 3.2 (semi-hard negatives).
    Hermans et al. 2017, batch hard (farthest positive, nearest negative).

  >>> x = jnp.array([[0.0], [2.0], [1.0], [3.0]])
  >>> mined = mine_triplets(x, jnp.array([0, 0, 1, 2]))
  >>> mined.positive.tolist(), mined.negative.tolist(), mined.valid.tolist()
  ([1, 0, 2, 3], [3, 2, 2, 3], [True, True, False, False])
  """
  chex.assert_rank([embeddings, labels], [2, 1])
  chex.assert_equal_shape_prefix([embeddings, labels], 1)
  if negatives not in NEGATIVES:
    raise ValueError(
        f'unknown negatives {negatives!r}; valid ones: {", ".join(NEGATIVES)}'
    )
  embeddings = jax.lax.stop_gradient(embeddings)
  # The square keeps the order. Distances that overflow must stay below the
  # infinity of the examples that may not be chosen.
  squared = jnp.minimum(
      similarity.squared_distances(embeddings, embeddings),
      jnp.finfo(embeddings.dtype).max,
  )
  anchors = jnp.arange(len(labels), dtype=jnp.int32)
  other = labels[:, None] != labels[None, :]
  same = ~other & (anchors[:, None] != anchors[None, :])
  positive, farthest = _farthest(squared, same)
  negative = _nearest(squared, other)
  if negatives == 'semi_hard':
    beyond = other & (squared > farthest[:, None])
    negative = jnp.where(
        jnp.any(beyond, axis=-1),
        _nearest(squared, beyond),
        _farthest(squared, other)[0],
    )
  valid = jnp.any(same, axis=-1) & jnp.any(other, axis=-1)
  return Triplets(
      anchors,
      jnp.where(valid, positive, anchors),
      jnp.where(valid, negative, anchors),
      valid,
  )


def _nearest(squared: jax.Array, allowed: jax.Array) -> jax.Array:
  masked = jnp.where(allowed, squared, jnp.inf)
  return jnp.argmin(masked, axis=-1).astype(jnp.int32)


def _farthest(
    squared: jax.Array, allowed: jax.Array
) -> tuple[jax.Array, jax.Array]:
  masked = jnp.where(allowed, squared, -1)
  index = jnp.argmax(masked, axis=-1).astype(jnp.int32)
  return index, jnp.max(masked, axis=-1)
