"""The search for analogies of one class, as a program of bounded memory.

Pairs of clusters are laid out by offset: (k, k + s modulo K) for s = 1 .. K / 2
and all k. Those are all unordered pairs (with s = K / 2, each is there twice),
and they need no gathering: a rotated copy of an array minus itself.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp

# Differences in one kernel. XLA unrolls them and keeps the maximum in a
# register; from about 16 on, its CPU compiler makes one vectorised loop of it.
_UNROLL = 32


class Best(NamedTuple):
  """The best pair of other classes for each pair of a class, any shape.

  Attributes:
    value: cosine times the length of the class's own difference; -1 for none.
    partner: class of b1 and b2.
    first: cluster b1, such that the cosine is positive.
    second: cluster b2.
  """

  value: jax.Array
  partner: jax.Array
  first: jax.Array
  second: jax.Array


class _Running(NamedTuple):
  """What is kept of the best class so far, for L pairs of a class."""

  value: jax.Array  # [L] as in Best
  partner: jax.Array  # [L] as in Best
  values: jax.Array  # [K, L] the largest difference with each cluster
  products: jax.Array  # [K, L] of each cluster and the pair's difference


@jax.jit
def inverse_lengths(centroids: jax.Array) -> jax.Array:
  """Inverse lengths of all pairs' differences, plus 1e-5; 0 of equal ones.

  Args:
    centroids: `[C, K, D]`.

  Returns:
    `[C, K // 2, K]`, at [c, s - 1, k] that of clusters k and k + s.
  """
  return jax.lax.map(_inverse_lengths, centroids)


@functools.partial(jax.jit, static_argnames=('tile', 'partners'))
def best_pairs(
    centroids: jax.Array,
    inverse: jax.Array | None,
    own: jax.Array | int,
    *,
    tile: int,
    partners: int,
) -> Best:
  """The best pairs of all other classes for all pairs of one.

  Args:
    centroids: `[C, K, D]`.
    inverse: `[C, K // 2, K]`, as `inverse_lengths` makes it. Without, lengths
      are computed where they are needed and forgotten.
    own: the class.
    tile: how many of its pairs are compared at once.
    partners: how many classes' products with it are kept at once.

  Returns:
    Arrays `[at least K // 2, K]`: at [s - 1, k] for clusters k and k + s; rows
    from K // 2 on repeat other pairs.
  """
  num_classes, count, _ = centroids.shape
  chunks, chunk = split(num_classes - 1, partners)
  tiles, width = split(count // 2, max(1, tile // count))
  # Where the last chunk is not full, it does the last class more than once.
  others = jnp.minimum(jnp.arange(chunks * chunk), num_classes - 2)
  others = (others + (others >= own)).reshape(chunks, chunk)
  offsets = 1 + width * jnp.arange(tiles)

  # Columns are repeated, so that those of clusters i + s are a plain slice.
  copies = 1 + -(-(tiles * width) // count)
  own_rows = _around_mean(centroids[own])

  def one_partner(partner):
    # Alone, as sums of a product of several classes would depend on how many.
    products = jnp.einsum(
        'kd,id->ki',
        _around_mean(centroids[partner]),
        own_rows,
        precision=jax.lax.Precision.HIGHEST,
    )
    if inverse is None:
      lengths = _inverse_lengths(centroids[partner])
    else:
      lengths = inverse[partner]
    return jnp.tile(products, (1, copies)), lengths

  def one_chunk(best, classes):
    products, lengths = jax.lax.map(one_partner, classes)
    search = functools.partial(_search, products, lengths, width)
    found = jax.lax.map(search, offsets)
    found = found._replace(partner=classes[found.partner])
    better = found.value > best.value
    return _select(better, found, best), None

  shape = tiles, width * count
  nothing = Best(jnp.full(shape, -1.0), *[jnp.zeros(shape, jnp.int32)] * 3)
  best, _ = jax.lax.scan(one_chunk, nothing, others)
  return jax.tree.map(lambda values: values.reshape(-1, count), best)


def split(total: int, most: int) -> tuple[int, int]:
  """Number and size of equal parts, none above `most`, that cover a total."""
  parts = -(-total // most)
  return parts, -(-total // parts)


def _inverse_lengths(rows: jax.Array) -> jax.Array:
  """`inverse_lengths` of one class `[K, D]`."""
  rows = rows.astype(jnp.float32)

  def one_offset(offset):
    length = jnp.linalg.norm(rows - jnp.roll(rows, -offset, 0), axis=1)
    return jnp.where(length > 0, 1 / (length + 1e-5), 0)

  return jax.lax.map(one_offset, jnp.arange(1, rows.shape[0] // 2 + 1))


def _around_mean(centroids: jax.Array) -> jax.Array:
  """Moves classes onto the origin, so that their products cancel less."""
  centroids = centroids.astype(jnp.float32)
  return centroids - jnp.mean(centroids, -2, keepdims=True)


def _select(better: jax.Array, new, old):
  """Takes the columns of `new` that are better."""
  return jax.tree.map(
      lambda x, y: jnp.where(jnp.broadcast_to(better, x.shape), x, y), new, old
  )


def _search(products, inverse, width: int, offset) -> Best:
  """Goes through J classes for the pairs of `width` offsets of one class.

  Args:
    products: `[J, K, at least K + K // 2]`.
    inverse: `[J, K // 2, K]`.
    width: how many offsets.
    offset: the first of them.

  Returns:
    Arrays `[width K]`; partners are places in 0 .. J - 1.
  """
  count = products.shape[1]
  lanes = jnp.arange(width * count)

  def one_class(best, inputs):
    products, partner = inputs
    own = products[:, :count]
    shifted = [
        jax.lax.dynamic_slice(products, (0, offset + s), own.shape)
        for s in range(width)
    ]
    products = jnp.stack([own - other for other in shifted], 1)
    products = products.reshape(count, len(lanes))
    values = _largest_difference(products, inverse[partner])
    value = jnp.max(values, 0)
    partner = jnp.full(lanes.shape, partner)
    new = _Running(value, partner, values, products)
    better = value > best.value
    return (
        _Running(
            *_select(better, new[:2], best[:2]),
            *_select(better[None], new[2:], best[2:]),
        ),
        None,
    )

  nothing = _Running(
      jnp.full(lanes.shape, -1.0),
      jnp.zeros(lanes.shape, jnp.int32),
      *[jnp.zeros((count, len(lanes)))] * 2,
  )
  places = jnp.arange(len(products))
  best, _ = jax.lax.scan(one_class, nothing, (products, places))
  # Which clusters made the largest difference is asked of the winner alone.
  first = jnp.argmax(best.values, 0).astype(jnp.int32)
  second = (first[None] + jnp.arange(1, count // 2 + 1)[:, None]) % count
  difference = best.products[first, lanes][None] - jnp.take_along_axis(
      best.products, second, 0
  )
  scaled = jnp.abs(difference) * inverse[best.partner, :, first].T
  step = jnp.argmax(scaled, 0)
  second = second[step, lanes]
  positive = difference[step, lanes] > 0
  return Best(
      best.value,
      best.partner,
      jnp.where(positive, first, second),
      jnp.where(positive, second, first),
  )


def _largest_difference(products: jax.Array, inverse: jax.Array) -> jax.Array:
  """Maximum over s of |products[k] - products[k + s]| x inverse[s - 1, k].

  Args:
    products: `[K, L]`.
    inverse: `[K // 2, K]`.

  Returns:
    `[K, L]`. This is where nearly all of the time goes.
  """
  count, lanes = products.shape
  blocks, size = split(len(inverse), _UNROLL)
  inverse = jnp.pad(inverse, ((0, blocks * size - len(inverse)), (0, 0)))
  extended = jnp.concatenate([products, products])

  def one_block(block, largest):
    start = block * size
    rows = jax.lax.dynamic_slice(
        extended, (start + 1, 0), (count + size - 1, lanes)
    )
    scales = jax.lax.dynamic_slice(inverse, (start, 0), (size, count))
    for s in range(size):
      difference = jnp.abs(rows[s : s + count] - products)
      largest = jnp.maximum(largest, difference * scales[s][:, None])
    return largest

  return jax.lax.fori_loop(0, blocks, one_block, jnp.zeros((count, lanes)))
