"""What learners of episodes consume: one tree of arrays for all images."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lsl_jax.pipeline import feature_learners, features, registry
from lsl_jax.pipeline import task as task_lib
from lsl_jax.pipeline.trained import Trained

# Each is a function (config, task, trained, workdir, indices) of a tree of
# arrays whose leaves lead with the images, one row for each of the indices.
Store = Callable[[Any, task_lib.Task, Trained, str, np.ndarray], Any]


def _embeddings(config, task, trained, workdir, indices):
  return feature_learners.stored(
      config, task, trained, workdir, 'episodes', indices
  )


def _maps(config, task, trained, workdir, indices):
  del workdir  # too large to be kept there
  return features.outputs(
      config,
      trained.representation,
      trained.variables,
      task.problem,
      indices,
      ('map',),
  )['map']


def _taps(config, task, trained, workdir, indices):
  del workdir  # likewise
  return features.outputs(
      config,
      trained.representation,
      trained.variables,
      task.problem,
      indices,
      registry.implant_stream(config).taps(),
  )


STORES: Mapping[str, Store] = {
    'features': _embeddings,
    'maps': _maps,
    'taps': _taps,
}
