"""What a trained network makes of images, in evaluation mode."""

from collections.abc import Callable, Iterator
import functools
import hashlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import data, evaluation, types
from lsl_jax.data.augmentation import augment, augment_spec, geometry
from lsl_jax.data.reading import feature_rows
from lsl_jax.pipeline.problems.problem import Problem
from lsl_jax.pipeline.stages import fitting

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
def _augment(spec: augment_spec.Spec) -> Callable[..., jax.Array]:
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
