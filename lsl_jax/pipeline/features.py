"""What a trained network makes of images, in evaluation mode."""

from collections.abc import Callable, Iterator
import functools
import hashlib
import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import data, evaluation, types
from lsl_jax.data import augment, feature_rows, feature_store, geometry
from lsl_jax.pipeline import fitting
from lsl_jax.pipeline.problem import Problem

_BATCH = 256
_CHUNK = 4096  # images decoded at a time where they are not in memory


def embeddings(
    config: Any,
    representation: types.Representation,
    variables: types.Variables,
    problem: Problem,
    indices: np.ndarray,
) -> np.ndarray:
  """Embeddings of centre crops, `[m, D]` float32."""
  return _run(config, representation, 'embedding', variables, problem, indices)


def logits(
    config: Any,
    representation: types.Representation,
    variables: types.Variables,
    problem: Problem,
    indices: np.ndarray,
) -> np.ndarray:
  """Logits of centre crops, `[m, C]` float32."""
  return _run(config, representation, 'logits', variables, problem, indices)


def outputs(
    config: Any,
    representation: types.Representation,
    variables: types.Variables,
    problem: Problem,
    indices: np.ndarray,
    names: tuple[str, ...],
) -> dict[str, np.ndarray]:
  """Some of the network's outputs for centre crops, by name, `[m, ...]`.

  Raises:
    ValueError: there is no such output; lists those that there are.
  """
  return _run(config, representation, names, variables, problem, indices)


def views(
    config: Any,
    representation: types.Representation,
    variables: types.Variables,
    problem: Problem,
    indices: np.ndarray,
    key: jax.Array,
) -> np.ndarray:
  """Embeddings of `config.views` random views an image, `[m, A, D]`.

  The views are those of training: Imprinting + Aug of Qi et al., section 6.2.

  Raises:
    ValueError: the run has features instead of images.
  """
  if isinstance(problem.images, feature_rows.FeatureRows):
    raise ValueError(
        f'{problem.name!r} holds features, of which there are no augmented'
        ' views; take a learner that needs none'
    )
  forward = _forward(representation, 'embedding', None, _normalisation(config))
  parts = [
      evaluation.extract_views(
          jax.tree_util.Partial(forward, variables),
          _augment(fitting.augmentation(config)),
          images,
          key=jax.random.fold_in(key, chunk),
          views=config.views,
          batch_size=_BATCH,
      )
      for chunk, images in enumerate(_chunks(config, problem, indices))
  ]
  return np.concatenate(parts)


def stored(
    config: Any,
    problem: Problem,
    representation: types.Representation,
    variables: types.Variables,
    workdir: str,
    indices: np.ndarray,
) -> np.ndarray:
  """Embeddings of centre crops, those that are not in the workdir yet made now.

  One store, `features/images`, serves every phase: an image passes through the
  network once. What is computed is kept every few thousand images.

  Args:
    config: the whole config.
    problem: where the images are.
    representation: of the network.
    variables: of the network; rows of another network do not count.
    workdir: of the run.
    indices: `[m]` which images.

  Returns:
    `[m, D]` float32.
  """
  if isinstance(problem.images, feature_rows.FeatureRows):
    return np.asarray(problem.images.features[indices], np.float32)
  about = {'variables': variables, 'data': config.data.to_json()}
  store = feature_store.FeatureStore(
      os.path.join(workdir, 'features', 'images'),
      fingerprint(about),
      len(problem.labels),
      dtype=config.feature_type,
  )
  missing = np.unique(store.missing(indices))
  made = []
  for start in range(0, len(missing), _CHUNK):
    some = missing[start : start + _CHUNK]
    rows = embeddings(config, representation, variables, problem, some)
    if jax.process_count() > 1:
      made.append(rows)
    if jax.process_index() == 0:
      store.write(some, rows)
  if jax.process_count() == 1:
    return store.read(indices)
  # Only the first process writes; the others have what they made themselves.
  present = np.setdiff1d(indices, missing)
  rows = [*([store.read(present)] if present.size else []), *made]
  known = np.concatenate([present, missing])
  place = np.empty(len(problem.labels), np.int64)
  place[known] = np.arange(len(known))
  return np.concatenate(rows)[place[indices]]


def stored_views(
    config: Any,
    problem: Problem,
    representation: types.Representation,
    variables: types.Variables,
    workdir: str,
    indices: np.ndarray,
    key: jax.Array,
    name: str = 'views',
) -> np.ndarray:
  """Embeddings of random views, in `features/NAME`, as `views` makes them."""
  about = {
      'variables': variables,
      'data': config.data.to_json(),
      'indices': indices,
      'views': config.views,
      'key': jax.random.key_data(key),
  }
  rows = np.arange(len(indices))
  store = feature_store.FeatureStore(
      os.path.join(workdir, 'features', name),
      fingerprint(about),
      len(indices),
      dtype=config.feature_type,
  )
  if not store.missing(rows).size:
    return store.read(rows)
  made = views(config, representation, variables, problem, indices, key)
  if jax.process_index() == 0:
    store.write(rows, made)
    return store.read(rows)
  return made


def _run(
    config: Any,
    representation: types.Representation,
    output: str | tuple[str, ...],
    variables: types.Variables,
    problem: Problem,
    indices: np.ndarray,
) -> Any:
  forward = _forward(
      representation, output, config.data.size, _normalisation(config)
  )
  parts = [
      evaluation.extract(
          jax.tree_util.Partial(forward, variables), images, batch_size=_BATCH
      )
      for images in _chunks(config, problem, indices)
  ]
  return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


@functools.lru_cache(maxsize=32)
def _forward(
    representation: types.Representation,
    output: str | tuple[str, ...],
    size: int | None,
    normalisation: tuple[tuple[str, tuple[float, ...]], ...],
) -> Callable[[types.Variables, jax.Array], Any]:
  """The same function each time, so that it is compiled once."""

  def forward(variables, images):
    if size is not None:
      crop = functools.partial(geometry.centre_crop, size=size)
      images = jax.vmap(crop)(images)
    images = augment.normalise(images, **dict(normalisation))
    if output == 'logits':
      return representation.logits(variables, images)
    found = representation.embed(variables, images)
    if isinstance(output, str):
      return found[output].astype(jnp.float32)
    missing = sorted({*output} - {*found})
    if missing:
      raise ValueError(
          f'the network gives no {", ".join(missing)}; it gives'
          f' {", ".join(sorted(found))}'
      )
    return {name: found[name].astype(jnp.float32) for name in output}

  return forward


@functools.lru_cache(maxsize=32)
def _augment(spec: augment.Spec) -> Callable[..., jax.Array]:
  return functools.partial(augment.batch, spec=spec)


def _normalisation(config: Any) -> tuple[tuple[str, tuple[float, ...]], ...]:
  return tuple(sorted(fitting.normalisation(config).items()))


def _chunks(
    config: Any, problem: Problem, indices: np.ndarray
) -> Iterator[np.ndarray]:
  """The images in one array, or in several where they must be decoded."""
  if problem.in_memory:
    yield problem.images[indices]
    return
  for start in range(0, len(indices), _CHUNK):
    yield data.to_array(
        problem.images,
        indices[start : start + _CHUNK],
        size=config.data.resize,
        resize=config.data.resize,
        keep_aspect=config.data.keep_aspect,
    )


def fingerprint(about: Any) -> str:
  """A hash of a tree of arrays, numbers and text, names included."""
  digest = hashlib.sha256()
  for path, leaf in jax.tree_util.tree_leaves_with_path(about):
    digest.update(jax.tree_util.keystr(path).encode())
    array = np.asarray(leaf)
    digest.update(f'{array.dtype}{array.shape}'.encode())
    digest.update(
        str(leaf).encode() if array.dtype.kind in 'US' else array.tobytes()
    )
  return digest.hexdigest()
