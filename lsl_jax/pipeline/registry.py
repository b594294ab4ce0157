"""What a config may name: representations and learners."""

from collections.abc import Callable, Mapping
import functools
from typing import Any, NamedTuple

import ml_collections

from lsl_jax import lowshot, models, representation, types
from lsl_jax.pipeline import hallucination_learners
from lsl_jax.pipeline.trained import Context


class LearnerEntry(NamedTuple):
  """A learner as a config names it.

  Attributes:
    title: its name in tables, that of the paper where it has one.
    consumes: 'features' (one centre crop an image), 'views' (augmented crops),
      'images': the network is trained anew for each draw; or, in episodes
      alone, another name of `stores.STORES`.
    make: for all but the third, `(context: Context) -> types.Learner`. For
      'images', what fine-tuning starts from: such a learner too, or None for a
      network trained on all classes at once.
    needs: phases of `phases.PHASES` whose products `make` finds in its context.
    min_shots: the least number of examples a class from which it can learn.
  """

  title: str
  consumes: str
  make: Callable[[Context], types.Learner] | None
  needs: tuple[str, ...] = ()
  min_shots: int = 1


def _imprint(context: Context) -> types.Learner:
  return lowshot.imprint(scale=context.scale)


def _random(context: Context) -> types.Learner:
  return lowshot.random_templates(scale=context.scale)


def _random_normal(context: Context) -> types.Learner:
  return lowshot.random_templates(scale=context.scale, distribution='normal')


def _nearest(context: Context) -> types.Learner:
  del context  # a scale changes no decision
  return lowshot.nearest_neighbour()


def _nearest_mean(context: Context) -> types.Learner:
  del context  # a scale changes no decision
  return lowshot.nearest_mean()


def _prototypes(support: str, query: str) -> Callable[[Context], types.Learner]:
  return lambda context: lowshot.prototypical(
      scale=context.config.prototypes.scale, support=support, query=query
  )


def _prototype_entries() -> dict[str, LearnerEntry]:
  """Pooling of support and of queries: 'proto_gap_dense' and so on."""
  names = {'gap': 'GAP', 'gmp': 'GMP', 'dense': 'DC'}
  return {
      f'proto_{support}_{query}': LearnerEntry(
          f'Prototypes {names[support]}, queries {names[query]}',
          'maps',
          _prototypes(support, query),
      )
      for support in ('gap', 'gmp')
      for query in names
  }


def implant_stream(config: Any) -> lowshot.Stream:
  """The implants that a config describes, beside its network's last blocks.

  Raises:
    ValueError: the network is none that implants are made for.
  """
  backbone = models.build_backbone(
      config.model.backbone, **config.model.options.to_dict()
  )
  if not isinstance(backbone, models.ResNet12):
    raise ValueError(
        f'implants are made for resnet12, not {config.model.backbone!r}'
    )
  options = config.implants
  return lowshot.Stream(
      channels=options.channels,
      blocks=options.blocks,
      pool=tuple(pool for _, pool in backbone.blocks[-options.blocks :]),
      activation=options.activation,
      normalisation=options.normalisation,
      shortcut=options.shortcut,
      init_scale=options.init_scale,
  )


def _implants(
    support: str, query: str, test_query: str
) -> Callable[[Context], types.Learner]:
  def make(context):
    options = context.config.implants
    return lowshot.implant(
        stream=implant_stream(context.config),
        support=support,
        query=query,
        test_query=test_query,
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        scale=options.scale,
    )

  return make


def _implant_entries() -> dict[str, LearnerEntry]:
  """Pooling in training, of support and query, and of test queries."""
  names = {'gap': 'GAP', 'gmp': 'GMP', 'dense': 'DC'}
  return {
      f'implant_{support}_{query}_{test}': LearnerEntry(
          f'Implants {names[support]}-{names[query]}, queries {names[test]}',
          'taps',
          _implants(support, query, test),
          min_shots=2,
      )
      for support in ('gap', 'gmp')
      for query in names
      for test in names
  }


_tuned = hallucination_learners.tuned
LEARNERS: Mapping[str, LearnerEntry] = {
    'random': LearnerEntry('Rand-noFT', 'features', _random),
    'random_normal': LearnerEntry(
        'Rand-noFT (normal)', 'features', _random_normal
    ),
    'imprint': LearnerEntry('Imprinting', 'features', _imprint),
    'imprint_aug': LearnerEntry('Imprinting + Aug', 'views', _imprint),
    'nearest': LearnerEntry('Nearest neighbour', 'features', _nearest),
    'random_finetune': LearnerEntry('Rand + FT', 'images', _random),
    'imprint_finetune': LearnerEntry('Imprinting + FT', 'images', _imprint),
    'joint': LearnerEntry('AllClassJoint', 'images', None),
    'nearest_mean': LearnerEntry(
        'Nearest class mean', 'features', _nearest_mean, ('base_examples',)
    ),
    'logistic': LearnerEntry(
        'Classifier',
        'features',
        _tuned('logistic'),
        ('base_examples', 'tuning'),
    ),
    'logistic_hallucinate': LearnerEntry(
        'Generation + Classifier',
        'features',
        _tuned('logistic_hallucinate'),
        ('base_examples', 'generation', 'tuning'),
    ),
    'logistic_aug': LearnerEntry(
        'Data augmentation',
        'views',
        _tuned('logistic_aug'),
        ('base_examples', 'tuning'),
    ),
    'model_regression': LearnerEntry(
        'Model Regression',
        'features',
        _tuned('model_regression'),
        ('base_examples', 'regression', 'tuning'),
    ),
    'matching_network': LearnerEntry(
        'Matching Network',
        'features',
        hallucination_learners.matching,
        ('base_examples', 'matching'),
    ),
    'proto': LearnerEntry('Prototypes', 'features', _prototypes('gap', 'gap')),
    **_prototype_entries(),
    **_implant_entries(),
}


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


def choose(options: Mapping[str, Any], name: str, what: str) -> Any:
  """An entry by name.

  Raises:
    ValueError: for a name that is not there; lists those that are.
  """
  if name not in options:
    raise ValueError(
        f'unknown {what} {name!r}; valid ones: {", ".join(sorted(options))}'
    )
  return options[name]


def make_representation(
    config: Any,
    num_classes: int,
    axis_name: str | None,
    *,
    loss: str | None = None,
    **changes: Any,
) -> types.Representation:
  """The representation that a config describes, for so many classes.

  Args:
    config: the whole config.
    num_classes: rows of the classifier.
    axis_name: of the executor's mapped axis, or None.
    loss: a name of `REPRESENTATIONS`; by default the config's.
    **changes: of the network's description, over `config.model`.

  Returns:
    The representation.

  Raises:
    ValueError: a name is unknown, or the network does not suit the loss.
  """
  description = {**config.model.to_dict(), **changes}
  description.pop('pretrained')
  description.pop('spare_rows')
  network: Any = models.build(
      {**description, 'num_classes': num_classes}, axis_name=axis_name
  )
  name = loss or config.representation.name
  choose(REPRESENTATIONS, name, 'representation.name')
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
