"""Features of a whole data set, in batches of one compiled size."""

from collections.abc import Callable, Iterator, Sequence
import functools
from typing import Any

import jax
from jax.experimental import multihost_utils
import numpy as np

from lsl_jax import types

Embed = Callable[[jax.Array], Any]
Augment = Callable[[types.Key, jax.Array], jax.Array]


def extract(
    embed: Embed,
    images: Any,
    *,
    batch_size: int = 256,
    indices: Sequence[int] | np.ndarray | None = None,
    sharding: jax.sharding.Sharding | None = None,
) -> Any:
  """Applies a network to every image.

  Batches all have one size, the last one padded, so that the network is
  compiled once. To keep it compiled while its variables change, give
  `jax.tree_util.Partial(function, variables)`, with the same function.

  Args:
    embed: `images [B, ...] -> features [B, ...]`, or a tree of such arrays, in
      evaluation mode. It normalises the uint8 images itself.
    images: uint8 `[M, H, W, 3]`, or a sequence of M arrays of one size.
    batch_size: images at a time, over all devices.
    indices: `[m]` which images; by default all of them.
    sharding: of a batch, to divide it among devices; by default JAX's default
      device. Every process gives all images, and gets all features.

  Returns:
    What embed returns, as NumPy arrays `[m, ...]` in the order of the indices.

  Raises:
    ValueError: no image, images of different sizes, or a batch size that the
      devices cannot share.
  """
  batches = _batches(images, indices, batch_size, sharding)
  embed = _as_pytree(embed)
  calls = (
      (_embed(embed, _put(batch, sharding)), size) for _, batch, size in batches
  )
  return _collect(calls)


def extract_views(
    embed: Embed,
    augment: Augment,
    images: Any,
    *,
    key: types.Key,
    views: int,
    batch_size: int = 256,
    indices: Sequence[int] | np.ndarray | None = None,
    sharding: jax.sharding.Sharding | None = None,
) -> Any:
  """Applies a network to several augmented versions of every image.

  View a of image i is made with `fold_in(fold_in(key, i), a)`, so that it
  depends neither on the batch size nor on which other images there are.

  Args:
    embed: as `extract` takes it, of what augment returns.
    augment: `(keys [B], images [B, ...]) -> images [B, ...]`.
    images: uint8 `[M, H, W, 3]`, or a sequence of M arrays of one size.
    key: of the whole data set.
    views: how many versions of an image, A.
    batch_size: images at a time, over all devices.
    indices: `[m]` which images; by default all of them.
    sharding: as `extract` takes it.

  Returns:
    What embed returns, as NumPy arrays `[m, A, ...]`.

  Raises:
    ValueError: as `extract` does, or for fewer than one view.
  """
  if views < 1:
    raise ValueError(f'views must be at least 1, not {views}')
  batches = _batches(images, indices, batch_size, sharding)
  embed = _as_pytree(embed)
  augment = _as_pytree(augment)
  calls = (
      (
          _embed_views(
              embed,
              augment,
              key,
              _put(chosen, sharding),
              _put(batch, sharding),
              views,
          ),
          size,
      )
      for chosen, batch, size in batches
  )
  return _collect(calls)


def _as_pytree(function: Callable[..., Any]) -> jax.tree_util.Partial:
  """Makes a function an argument of jit, compiled once for one function."""
  if isinstance(function, jax.tree_util.Partial):
    return function
  return jax.tree_util.Partial(function)


@jax.jit
def _embed(embed, images):
  return embed(images)


@functools.partial(jax.jit, static_argnames='views')
def _embed_views(embed, augment, key, indices, images, views):
  of_image = jax.vmap(lambda index: jax.random.fold_in(key, index))(indices)

  def one(view):
    keys = jax.vmap(lambda key: jax.random.fold_in(key, view))(of_image)
    return embed(augment(keys, images))

  features = jax.lax.map(one, np.arange(views))
  return jax.tree.map(lambda leaf: leaf.swapaxes(0, 1), features)


def _batches(
    images: Any,
    indices: Sequence[int] | np.ndarray | None,
    batch_size: int,
    sharding: jax.sharding.Sharding | None,
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
  """Indices, images and how many of them count; the last image is repeated."""
  chosen = np.arange(len(images)) if indices is None else np.asarray(indices)
  if not len(chosen):
    raise ValueError('there is no image to embed')
  if batch_size < 1:
    raise ValueError(f'batch_size must be at least 1, not {batch_size}')
  if sharding is None:
    batch_size = min(batch_size, len(chosen))
  elif batch_size % sharding.num_devices:
    raise ValueError(
        f'a batch of {batch_size} images cannot be divided among'
        f' {sharding.num_devices} devices'
    )
  if isinstance(images, jax.Array):
    images = np.asarray(images)
  for start in range(0, len(chosen), batch_size):
    part = chosen[start : start + batch_size]
    size = len(part)
    part = np.pad(part, (0, batch_size - size), mode='edge')
    yield part, _gather(images, part), size


def _gather(images: Any, chosen: np.ndarray) -> np.ndarray:
  if isinstance(images, np.ndarray):
    return images[chosen]
  parts = [np.asarray(images[int(i)]) for i in chosen]
  for i, part in zip(chosen, parts, strict=True):
    if part.shape != parts[0].shape:
      raise ValueError(
          f'image {i} has shape {part.shape}, image {chosen[0]}'
          f' {parts[0].shape}; resize them to one size first'
      )
  return np.stack(parts)


def _put(batch: np.ndarray, sharding: jax.sharding.Sharding | None) -> Any:
  if sharding is None:
    return batch
  return jax.make_array_from_callback(
      batch.shape, sharding, lambda part: batch[part]
  )


def _collect(calls: Iterator[tuple[Any, int]]) -> Any:
  """Joins results, fetching each while the next one is computed."""
  parts, waiting = [], next(calls)
  for call in calls:
    parts.append(_fetch(*waiting))
    waiting = call
  parts.append(_fetch(*waiting))
  return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def _fetch(result: Any, size: int) -> Any:
  def fetch(leaf):
    if not leaf.is_fully_addressable:
      leaf = multihost_utils.process_allgather(leaf, tiled=True)
    return np.asarray(leaf)[:size]

  return jax.tree.map(fetch, result)
