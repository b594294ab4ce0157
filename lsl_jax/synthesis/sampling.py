"""New codes between known ones of the same class.

References:
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020, sections 3.2 and 4.2.
"""

from collections.abc import Callable, Mapping, Sequence

import chex
from flax import struct
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import ops, types

INTERPOLATIONS: Mapping[str, Callable[..., jax.Array]] = {
    'slerp': ops.slerp,
    'lerp': ops.lerp,
}
AMOUNTS = (0.1, 0.2, 0.3, 0.4)


@struct.dataclass
class Bank:
  """Codes of labelled images, and who shares a class with whom.

  Attributes:
    codes: `[M, Z]`, of unit length.
    labels: `[M]` int32.
    members: the images of each class, `[C, K]` int32; rows of smaller classes
      are filled up with their first image, or with 0.
    counts: images of each class, `[C]` int32.
    places: of each image in its class's row, `[M]` int32.
  """

  codes: jax.Array
  labels: jax.Array
  members: jax.Array
  counts: jax.Array
  places: jax.Array


def make_bank(codes: jax.Array, labels: np.ndarray, num_classes: int) -> Bank:
  """Sorts codes by class.

  Args:
    codes: `[M, Z]`.
    labels: `[M]` int in 0 .. num_classes - 1, in host memory.
    num_classes: C.

  Returns:
    The bank.

  Raises:
    ValueError: a label is out of range, or codes and labels differ in number.
  """
  labels = np.asarray(labels)
  if labels.shape != codes.shape[:1]:
    raise ValueError(f'{len(codes)} codes, but labels of shape {labels.shape}')
  if labels.min() < 0 or labels.max() >= num_classes:
    raise ValueError(
        f'labels from {labels.min()} to {labels.max()}; a bank has labelled'
        f' images of classes 0 .. {num_classes - 1}'
    )
  counts = np.bincount(labels, minlength=num_classes)
  members = np.zeros((num_classes, counts.max()), np.int32)
  places = np.zeros(len(labels), np.int32)
  for c in range(num_classes):
    own = np.flatnonzero(labels == c)
    places[own] = np.arange(len(own))
    if len(own):
      members[c] = own[0]
      members[c, : len(own)] = own
  return Bank(
      codes=jnp.asarray(codes),
      labels=jnp.asarray(labels, jnp.int32),
      members=jnp.asarray(members),
      counts=jnp.asarray(counts, jnp.int32),
      places=jnp.asarray(places),
  )


def partners(
    key: types.Key, bank: Bank, images: jax.Array, *, itself: bool = False
) -> jax.Array:
  """Another image of the same class for each, uniformly.

  Args:
    key: of the draws.
    bank: who there is.
    images: `[B]` int.
    itself: whether an image may be its own partner, as in the authors' program.

  Returns:
    `[B]` int32; the image itself where its class has no other.
  """
  chex.assert_rank(images, 1)
  labels = bank.labels[images]
  counts = bank.counts[labels]
  if itself:
    places = jax.random.randint(key, images.shape, 0, counts)
  else:
    away = jax.random.randint(key, images.shape, 1, jnp.maximum(counts, 2))
    places = (bank.places[images] + away) % counts
  return bank.members[labels, places]


def between(
    key: types.Key,
    bank: Bank,
    images: jax.Array,
    *,
    interpolation: str = 'slerp',
    amounts: Sequence[float] = AMOUNTS,
    one_amount: bool = False,
    itself: bool = False,
) -> jax.Array:
  r"""A code on the way from each image's to that of a partner.

  .. math:: slerp(z_i, z_j, t), \qquad y_j = y_i, \quad j \ne i, \quad
      t \in \{0.1, 0.2, 0.3, 0.4\}

  Args:
    key: of partners and amounts.
    bank: the known codes.
    images: i, `[B]` int.
    interpolation: a name of `INTERPOLATIONS`.
    amounts: among which t is drawn uniformly.
    one_amount: draw one t for all, as in the authors' program.
    itself: see `partners`.

  Returns:
    `[B, Z]`.

  Raises:
    ValueError: an unknown interpolation.

  References:
    Azuri and Weinshall 2020, section 4.2.
  """
  if interpolation not in INTERPOLATIONS:
    raise ValueError(
        f'unknown interpolation {interpolation!r}; valid ones:'
        f' {", ".join(INTERPOLATIONS)}'
    )
  partner_key, amount_key = jax.random.split(key)
  others = partners(partner_key, bank, images, itself=itself)
  t = jax.random.choice(
      amount_key,
      jnp.asarray(amounts, jnp.float32),
      () if one_amount else images.shape,
  )
  return INTERPOLATIONS[interpolation](
      bank.codes[images], bank.codes[others], t
  )
