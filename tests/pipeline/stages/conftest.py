"""A small low-shot problem of features, for stages that need no network."""

import numpy as np
import pytest

from lsl_jax import data
from lsl_jax.data.reading import feature_rows
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import problem as problem_lib


@pytest.fixture
def problem(rng):
  """Three base and three novel classes that overlap: features of 4 numbers.

  Eight training and twelve test examples a class.
  """
  labels = np.repeat(np.arange(6), 20)
  means = rng.uniform(0, 2, (6, 4))
  features = np.abs(means[labels] + rng.normal(size=(120, 4)))
  dataset = data.Dataset(
      'toy',
      feature_rows.FeatureRows(features.astype(np.float32), None),
      labels,
      tuple('abcdef'),
      np.arange(120) % 20 < 8,
  )
  return problem_lib.assemble(dataset, (0, 1, 2), (3, 4, 5), in_memory=False)


@pytest.fixture
def trained(rng):
  """What a network of these features would have left."""
  rows = rng.normal(size=(3, 4)).astype(np.float32)
  return Trained(None, {}, rows, np.float32(1), rows)
