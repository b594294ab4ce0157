"""Features in the workdir: an image passes through a network once."""

import os
from typing import Any

import jax
import numpy as np

from lsl_jax import types
from lsl_jax.data.reading import feature_rows, feature_store
from lsl_jax.pipeline.problems.problem import Problem
from lsl_jax.pipeline.stages import features

_CHUNK = 4096  # images after which what is computed is written


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
      features.fingerprint(about),
      len(problem.labels),
      dtype=config.feature_type,
  )
  missing = np.unique(store.missing(indices))
  made = []
  for start in range(0, len(missing), _CHUNK):
    some = missing[start : start + _CHUNK]
    rows = features.embeddings(config, representation, variables, problem, some)
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
      features.fingerprint(about),
      len(indices),
      dtype=config.feature_type,
  )
  if not store.missing(rows).size:
    return store.read(rows)
  made = features.views(
      config, representation, variables, problem, indices, key
  )
  if jax.process_index() == 0:
    store.write(rows, made)
    return store.read(rows)
  return made
