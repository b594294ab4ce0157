"""From `config.metric` to representations and learners."""

from collections.abc import Sequence
import functools
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np

from lsl_jax import data, lowshot, models, ops, representation, types
from lsl_jax.pipeline.learners.trained import Context

# Learned from episodes; and from batches, by a cosine classifier with a margin.
EPISODIC = ('prototypical', 'am3', 'matching')
NAMES = (*EPISODIC, 'cosine_margin')


def make_representation(
    config: Any,
    network: Any,
    num_classes: int,
    class_names: Sequence[str] | None,
    axis_name: str | None,
) -> types.Representation:
  """A scorer with the config's margin around it.

  Args:
    config: the whole config; `representation.name` is one of `NAMES`.
    network: with a classifier of so many classes.
    num_classes: C.
    class_names: of the base classes; None to check the config alone.
    axis_name: of the executor's mapped axis, or None.

  Returns:
    The representation.

  Raises:
    ValueError: settings that do not fit together.
  """
  name = config.representation.name
  _check(config, network, name)
  return _make(
      name,
      network,
      num_classes,
      None if class_names is None else tuple(class_names),
      ml_collections.FrozenConfigDict(config.metric),
      ml_collections.FrozenConfigDict(config.train.episodes),
      axis_name,
  )


def make_learner(name: str, context: Context) -> types.Learner:
  """The learner that tests what a representation of that name has learned."""
  templates = context.trained.templates
  semantics = None
  if name == 'am3':
    vectors = context.products['semantics'].vectors
    semantics = jnp.asarray(vectors[: len(templates)])
  return learner(
      name,
      ml_collections.FrozenConfigDict(context.config.metric),
      context.trained.variables,
      np.shape(templates)[-1],
      semantics,
  )


def learner(
    name: str,
    options: Any,
    variables: types.Variables,
    size: int,
    base_semantics: jax.Array | None = None,
) -> types.Learner:
  """The same from its parts.

  Args:
    name: of `EPISODIC`.
    options: `config.metric`.
    variables: whose entry `head` counts.
    size: D, of embeddings.
    base_semantics: of am3, where base classes take part.

  Returns:
    The learner.
  """
  if name == 'prototypical':
    return _prototypes(options.distance)
  params = variables['params']
  scale = params.get('head', {}).get('scale', np.float32(options.scale))
  if name == 'matching':
    return lowshot.cosine_matching(scale=scale)
  return lowshot.cross_modal_means(
      {
          part: tree['head']
          for part, tree in variables.items()
          if 'head' in tree
      },
      models.CrossModalMixture(**options.mixture),
      size=size,
      base_semantics=base_semantics,
      metric=options.distance,
      scale=scale,
  )


@functools.cache
def _prototypes(metric: str) -> types.Learner:
  """One object a metric, so that it compiles once: no scale changes a rank."""
  return lowshot.metric_prototypes(metric=metric)


def meaning(config: Any, class_names: Sequence[str]) -> data.Semantics:
  """Semantics of some classes, read once."""
  spec = ml_collections.FrozenConfigDict(config.metric.semantics)
  return _meaning(spec, tuple(class_names))


def margin(config: Any) -> models.Margin:
  """The config's margin."""
  return models.Margin(**config.metric.margin)


def stage(config: Any) -> lowshot.Stage:
  """How Dynamic FSL's weight generator is trained."""
  options = dict(config.weight_generator)
  del options['views']
  options['shots'] = options['shots'] or max(config.evaluation.shots)
  for name in ('learning_rates', 'boundaries'):
    options[name] = tuple(options[name])
  return lowshot.Stage(**options)


@functools.lru_cache(maxsize=8)
def _meaning(spec: Any, class_names: tuple[str, ...]) -> data.Semantics:
  return data.load_semantics(spec, class_names)


@functools.lru_cache(maxsize=32)
def _make(
    name: str,
    network: Any,
    num_classes: int,
    class_names: tuple[str, ...] | None,
    options: Any,
    episodes: Any,
    axis_name: str | None,
) -> types.Representation:
  """The same functions for the same settings, so that they compile once."""
  wrapped = models.Margin(**options.margin)
  vectors = similarities = jnp.zeros((num_classes, num_classes))
  if class_names is not None and (wrapped.learned or name == 'am3'):
    found = _meaning(options.semantics, class_names)
    vectors, similarities = map(jnp.asarray, found)
  scorer = _scorer(
      name, network, num_classes, vectors, options, episodes, axis_name
  )
  return representation.with_margin(
      scorer, wrapped, similarities, axis_name=axis_name
  )


def _scorer(name, network, num_classes, vectors, options, episodes, axis_name):
  if name == 'cosine_margin':
    return representation.classifier_scores(
        network,
        num_classes,
        cosine=not network.classifier.per_class_scale,
    )
  shape = ops.EpisodeShape(episodes.way, episodes.shots, episodes.queries)
  scale: dict[str, Any] = {
      'scale': options.scale,
      'learn_scale': options.learn_scale,
  }
  if name == 'matching':
    return representation.matching(network, shape, **scale)
  if name == 'prototypical':
    return representation.prototypical(
        network, shape, metric=options.distance, **scale
    )
  mixture = models.CrossModalMixture(**options.mixture, axis_name=axis_name)
  return representation.cross_modal_prototypes(
      network, shape, mixture, vectors, metric=options.distance, **scale
  )


def _check(config: Any, network: Any, name: str) -> None:
  """Refuses settings of the whole config that do not fit the method."""
  wrong = []
  if name in EPISODIC:
    if config.train.sampling != 'episodes':
      wrong.append("train.sampling must be 'episodes'")
    episodes = data.EpisodeSampling(**config.train.episodes)
    devices = jax.device_count()
    if config.executor == 'pmap' and episodes.tasks % devices:
      wrong.append(
          f'train.episodes.tasks must be a multiple of the {devices} devices'
          " with the executor 'pmap'"
      )
  elif config.train.sampling == 'episodes':
    wrong.append("train.sampling must not be 'episodes'")
  if name == 'cosine_margin' and not isinstance(
      network.classifier, models.CosineClassifier
  ):
    wrong.append("model.head must be 'cosine'")
  if wrong:
    raise ValueError(f'representation.name {name!r}: {"; ".join(wrong)}')
