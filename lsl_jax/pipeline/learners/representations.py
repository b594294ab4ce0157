"""Representations, by the names that configs give them."""

from collections.abc import Callable, Mapping, Sequence
import functools
from typing import Any

import ml_collections

from lsl_jax import models, representation, types
from lsl_jax.pipeline import choices
from lsl_jax.pipeline.learners import metric_learning


def _softmax(network: Any, options: Any, axis_name: str | None):
  del options, axis_name
  return representation.softmax(network)


def _proxy_nca(network: Any, options: Any, axis_name: str | None):
  del options, axis_name
  return representation.proxy_nca(network)


def _lifted(network: Any, options: Any, axis_name: str | None):
  return representation.lifted_structure(
      network, margin=options.margin, axis_name=axis_name
  )


def _triplet(network: Any, options: Any, axis_name: str | None):
  return representation.triplet(
      network,
      margin=options.margin,
      negatives=options.negatives,
      axis_name=axis_name,
  )


def _multiverse(network: Any, options: Any, axis_name: str | None):
  del axis_name
  return representation.multiverse(network, weight=options.weight)


def _cosine(network: Any, options: Any, axis_name: str | None):
  del axis_name
  return representation.cosine(network, cross_entropy=options.cross_entropy)


def _dense(network: Any, options: Any, axis_name: str | None):
  del axis_name
  return representation.dense(network, positions=options.positions)


def _regularised(regulariser: str) -> Callable[..., types.Representation]:
  def make(network: Any, options: Any, axis_name: str | None):
    return representation.regularised_softmax(
        network,
        regulariser=regulariser,
        weight=options.weight,
        axis_name=axis_name,
    )

  return make


_REGULARISED = {
    f'softmax_{name}': _regularised(name)
    for name in representation.REGULARISERS
}
# Each takes a network, `config.representation`, and the mapped axis or None.
REPRESENTATIONS: Mapping[str, Callable[..., types.Representation]] = {
    'softmax': _softmax,
    'proxy_nca': _proxy_nca,
    'lifted': _lifted,
    'multiverse': _multiverse,
    'triplet': _triplet,
    'cosine': _cosine,
    'dense': _dense,
    **_REGULARISED,
}
# Objectives that leave the network's classifier as it was initialised.
UNTRAINED_CLASSIFIER = ('lifted', *metric_learning.EPISODIC)


def make_network(
    config: Any, num_classes: int, axis_name: str | None, **changes: Any
) -> models.Network:
  """The network that a config describes, with `changes` over `config.model`.

  Raises:
    ValueError: a name is unknown.
  """
  description = {**config.model.to_dict(), **changes}
  # These are about its beginning and its rows, not about its layers.
  for name in ('pretrained', 'spare_rows'):
    del description[name]
  return models.build(
      {**description, 'num_classes': num_classes}, axis_name=axis_name
  )


def make_representation(
    config: Any,
    num_classes: int,
    axis_name: str | None,
    *,
    loss: str | None = None,
    class_names: Sequence[str] | None = None,
    **changes: Any,
) -> types.Representation:
  """The representation that a config describes, for so many classes.

  Args:
    config: the whole config.
    num_classes: rows of the classifier.
    axis_name: of the executor's mapped axis, or None.
    loss: a name of `REPRESENTATIONS`; by default the config's.
    class_names: of these classes, where their names mean something.
    **changes: of the network's description, over `config.model`.

  Returns:
    The representation.

  Raises:
    ValueError: a name is unknown, or the network does not suit the loss.
  """
  network: Any = make_network(config, num_classes, axis_name, **changes)
  name = loss or config.representation.name
  choices.choose(
      {**REPRESENTATIONS, **dict.fromkeys(metric_learning.NAMES)},
      name,
      'representation.name',
  )
  if name in metric_learning.NAMES:
    return metric_learning.make_representation(
        config, network, num_classes, class_names, axis_name
    )
  if name in _REGULARISED:
    _check_regularised(network, name)
  multiverse = isinstance(network.classifier, models.MultiverseClassifier)
  if name == 'multiverse' and not multiverse:
    raise ValueError(
        "representation.name 'multiverse': model.head must be 'multiverse'"
    )
  if name == 'dense':
    _check_dense(network)
  options = ml_collections.FrozenConfigDict(config.representation)
  return _represent(network, name, options, axis_name)


@functools.lru_cache(maxsize=32)
def _represent(
    network: Any, name: str, options: Any, axis_name: str | None
) -> types.Representation:
  """The same functions for the same network, so that they compile once."""
  return REPRESENTATIONS[name](network, options, axis_name)


def _check_regularised(network: Any, name: str) -> None:
  """The penalties are about free features before a bias-free linear layer."""
  wrong = []
  if not isinstance(network.classifier, models.LinearClassifier):
    wrong.append("model.head must be 'linear'")
  elif network.classifier.use_bias:
    wrong.append('model.use_bias must be False')
  if network.embedding is not None and network.embedding.normalise:
    wrong.append('model.embedding must be None, or model.normalise False')
  if wrong:
    raise ValueError(f'representation.name {name!r}: {"; ".join(wrong)}')


def _check_dense(network: Any) -> None:
  """Dense classification compares the map itself with cosine templates."""
  wrong = []
  if not isinstance(network.classifier, models.CosineClassifier):
    wrong.append("model.head must be 'cosine'")
  if network.embedding is not None:
    wrong.append('model.embedding must be None')
  if network.pooling not in ('gap', 'gmp'):
    wrong.append("model.pooling must be 'gap' or 'gmp'")
  if wrong:
    raise ValueError(f"representation.name 'dense': {'; '.join(wrong)}")
