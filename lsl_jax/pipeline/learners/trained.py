"""A trained network, and what a learner is made from."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from lsl_jax import types


class Trained(NamedTuple):
  """A network of the base classes.

  Attributes:
    representation: its functions.
    variables: their variables.
    templates: `[C, D]`, a direction among the embeddings for each base class.
    scale: of the cosine classifier: a scalar, or `[C]`.
    classifier: `[C, D]`, the rows whose inner products with embeddings are the
      logits; for a cosine head the scaled unit templates.
  """

  representation: types.Representation
  variables: types.Variables
  templates: np.ndarray
  scale: Any
  classifier: np.ndarray


class Context(NamedTuple):
  """All that may decide what a learner of the registry is.

  Attributes:
    config: the whole config.
    trained: phase 1's network.
    scale: of its cosine classifier; a scalar where base classes take no part.
    products: of the phases that the learner needs, by name.
  """

  config: Any
  trained: Trained
  scale: Any
  products: Mapping[str, Any]
