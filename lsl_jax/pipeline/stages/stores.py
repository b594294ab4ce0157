"""What learners of episodes consume: one tree of arrays for all images."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lsl_jax.pipeline.learners import dense_learners
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import feature_learners, features, metric_phases

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
      dense_learners.implant_stream(config).taps(),
  )


def _named(config, task, trained, workdir, indices):
  # Queries have names, too: such learners look at those of the support alone.
  return metric_phases.with_names(
      _embeddings(config, task, trained, workdir, indices),
      task.problem.labels[indices],
      metric_phases.semantics(config, task, trained, workdir),
  )


STORES: Mapping[str, Store] = {
    'features': _embeddings,
    metric_phases.NAMED: _named,
    'maps': _maps,
    'taps': _taps,
}
