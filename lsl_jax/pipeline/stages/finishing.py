"""What the low-shot phase needs to know of a trained network."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from lsl_jax import lowshot, ops, types
from lsl_jax.pipeline.learners import metric_learning, registry
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems.problem import Problem


def finished(
    config: Any,
    problem: Problem,
    representation: types.Representation,
    variables: types.Variables,
    embed: Callable[[np.ndarray], np.ndarray],
) -> Trained:
  """Reads templates, classifier and scale off a trained network.

  Rows of a linear head are no directions among the embeddings: templates are
  then imprinted from all base training images, while the head stays as it was
  trained. Lifted structure and episodes train no classifier at all; it gets the
  templates, after episodes the classes' means.

  Args:
    config: the whole config.
    problem: base classes.
    representation: its functions.
    variables: as they were trained.
    embed: embeddings of images by index.

  Returns:
    The trained network.
  """
  classifier = variables['params']['classifier']
  scale = classifier.get('scale', np.float32(config.model.scale))
  rows = np.asarray(classifier['templates'])
  name = config.representation.name
  untrained = name in registry.UNTRAINED_CLASSIFIER
  if not untrained and config.model.head == 'cosine':
    return Trained(representation, variables, rows, scale, _scaled(rows, scale))
  indices = problem.indices(base=True, train=True)
  embedded, labels = embed(indices), problem.labels[indices]
  if name in metric_learning.EPISODIC:
    # Prototypes, which not every metric sees as directions.
    templates = np.asarray(
        ops.class_means(
            jnp.asarray(embedded), jnp.asarray(labels), problem.num_base
        )
    )
  else:
    templates = _imprinted(embedded, labels, problem)
  if untrained:
    variables = lowshot.replace_classifier(variables, jnp.asarray(templates))
    rows = _scaled(templates, scale)
  return Trained(representation, variables, templates, scale, rows)


def of_features(config: Any, problem: Problem) -> Trained:
  """What a file of features tells of the network that made them.

  Without a classifier in the file, one without bias is fitted to the base
  features, which is where the network's own would have ended.
  """
  images = problem.images
  indices = problem.indices(base=True, train=True)
  embedded, labels = images.features[indices], problem.labels[indices]
  rows = images.classifier
  if rows is not None and len(rows) < problem.num_base:
    raise ValueError(
        f'{problem.name!r}: its classifier has {len(rows)} rows, the split'
        f' {problem.num_base} base classes; one row a base class, in the order'
        ' of the split'
    )
  if rows is None:
    rows = lowshot.fit_classifier(
        jnp.asarray(embedded, jnp.float32),
        jnp.asarray(labels),
        num_classes=problem.num_base,
    )
  no_network: Any = None
  return Trained(
      no_network,
      {'features': np.asarray(embedded), 'labels': labels},
      _imprinted(embedded, labels, problem),
      np.float32(config.model.scale),
      np.asarray(rows[: problem.num_base]),
  )


def _imprinted(
    embedded: np.ndarray, labels: np.ndarray, problem: Problem
) -> np.ndarray:
  means = ops.class_means(
      ops.unit(jnp.asarray(embedded, jnp.float32)),
      jnp.asarray(labels),
      problem.num_base,
  )
  return np.asarray(ops.unit(means))


def _scaled(templates: np.ndarray, scale: Any) -> np.ndarray:
  scale = jnp.broadcast_to(jnp.asarray(scale), (len(templates),))
  return np.asarray(scale[:, None] * ops.unit(jnp.asarray(templates)))
