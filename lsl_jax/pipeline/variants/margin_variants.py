"""Variants that the configs of adaptive margins share: a table's row is three.

Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive margin
loss. CVPR 2020. A method (protonet, am3, matching, dynamic), a margin (none,
naive, class, task, cosface, arcface) and a backbone (conv4, resnet12).
"""

from collections.abc import Callable
from typing import Any

from lsl_jax.pipeline.variants import smoke as smoke_data

# Of every metric-based method, the learner that tests it.
_LEARNERS = {
    'prototypical': 'prototypical',
    'am3': 'am3',
    'matching': 'matching_cosine',
    'cosine_margin': 'dynamic',
}
# 300 numbers a word, as AM3 has them; which file the paper took is not known.
GLOVE = 'glove.6B.300d.txt'


def protocol(config: Any, *, images: int) -> None:
  """Section 4.1: 600 tasks, 15 queries; the recipe is AM3's, 30,000 batches.

  Args:
    config: changed in place.
    images: of the base classes, by which epochs are counted.
  """
  config.evaluation.protocol = 'episodic'
  config.episodes.tasks = 600
  config.episodes.queries = 15
  config.model.embedding = None
  config.metric.semantics.source = 'words'
  config.metric.semantics.path = GLOVE
  config.train.sampling = 'episodes'
  config.train.select = 'best'
  config.train.log_every = 100
  config.train.optimizer.weight_decay = 5e-4
  # Neither normalisation nor the generator's two numbers decay.
  config.train.optimizer.weight_decay_mask = 'kernels'
  config.train.optimizer.clip_each = 1.0
  five_shot(config)
  protonet(config)
  iterations(config, 30_000, images)
  _default_margin(config)


def iterations(config: Any, number: int, images: int) -> None:
  """So many batches; AM3's rates, a tenth after 1/2, 7/12 and 2/3 of them."""
  sizes = config.train.episodes
  batch = sizes.tasks * sizes.way * (sizes.shots + sizes.queries)
  epochs = number * batch / images
  config.train.iterations = number
  config.train.optimizer.schedule = {
      'name': 'step',
      'boundaries': tuple(epochs * part for part in (1 / 2, 7 / 12, 2 / 3)),
      'factor': 0.1,
  }
  config.train.validate_every_epochs = epochs / 30
  config.train.checkpoint_every_epochs = epochs / 30


def narrow(config: Any, number: int, images: int) -> None:
  """A network of a quarter of the width, and a recipe for one CPU core.

  Args:
    config: changed in place.
    number: of batches.
    images: of the base classes.
  """
  config.model.options.width = 16
  config.train.batch_size = 64
  config.train.episodes.queries = 5
  iterations(config, number, images)
  config.train.optimizer = {
      'name': 'adam',
      'learning_rate': 3e-3,
      'weight_decay': 0.0,
      'schedule': {'name': 'cosine'},
  }
  config.train.validate_every_epochs *= 7.5
  config.train.checkpoint_every_epochs *= 7.5
  config.train.log_every = 20
  if config.train.sampling == 'epoch':  # a batch is 64 images, not 100
    config.train.iterations = 2 * number
  config.weight_generator.steps = 1000


def one_shot(config: Any) -> None:
  """5-way 1-shot, in training and test."""
  config.train.episodes = {'way': 5, 'shots': 1, 'queries': 15, 'tasks': 5}
  config.evaluation.shots = (1,)


def five_shot(config: Any) -> None:
  """5-way 5-shot, in training and test."""
  config.train.episodes = {'way': 5, 'shots': 5, 'queries': 15, 'tasks': 2}
  config.evaluation.shots = (5,)


def protonet(config: Any) -> None:
  """Tables 1 and 3: prototypical networks; the distance is not squared.

  Li et al. have the opposite of the distance as logits (section 4.3.2), Snell
  et al. that of its square: the variant `squared`.
  """
  _method(config, 'prototypical')
  config.metric.distance = 'euclidean'


def am3(config: Any) -> None:
  """Tables 1, 3 and 4: AM3 on prototypical networks, distances as in AM3."""
  _method(config, 'am3')
  config.metric.distance = 'euclidean'


def matching(config: Any) -> None:
  """Table 1: matching networks, without contextual embeddings."""
  _method(config, 'matching')
  config.metric.scale = 10.0
  config.metric.learn_scale = True


def dynamic(config: Any) -> None:
  """Tables 1 and 2: Dynamic FSL, a cosine classifier and a weight generator.

  Its own recipe: 60,000 batches of 256 images, random crops and flips.
  """
  _method(config, 'cosine_margin')
  config.train.sampling = 'epoch'
  config.model.head = 'cosine'
  _without_last(config)
  size = config.data.size
  config.data.augment.crop = 'random'
  config.data.augment.padding = max(2, size * 8 // 84)
  config.data.augment.flip = config.data.name != 'glyphs'
  config.train.batch_size = 256
  config.train.iterations = 60_000
  config.train.optimizer = {
      'name': 'sgd',
      'learning_rate': 0.1,
      'momentum': 0.9,
      'nesterov': True,
      'weight_decay': 5e-4,
      'schedule': {'name': 'cosine'},
  }


def generalized(config: Any) -> None:
  """Section 3.5: base and novel classes together, all of the novel ones."""
  config.evaluation.protocol = 'generalized'
  config.evaluation.spaces = ('joint', 'own', 'prior')
  config.evaluation.top = (1,)


def cosine(config: Any) -> None:
  """Table 4: cosines in place of distances, with a trained scale from ten."""
  config.metric.distance = 'cosine'
  config.metric.scale = 10.0
  config.metric.learn_scale = True


def squared(config: Any) -> None:
  """Squared distances, as Snell et al. 2017 have them."""
  config.metric.distance = 'squared_euclidean'


def _margin(name: str, **settings: Any) -> Callable[[Any], None]:
  def variant(config: Any) -> None:
    config.metric.margin.name = name
    config.metric.margin.update(settings)

  return variant


def cosface(config: Any) -> None:
  """Table 4: additive cosine margin, 0.35 as in its paper."""
  _margin('cosface', value=0.35)(config)
  _as_cosines(config)


def arcface(config: Any) -> None:
  """Table 4: additive angular margin, 0.5 as in its paper."""
  _margin('arcface', value=0.5)(config)
  _as_cosines(config)


def conv4(config: Any) -> None:
  """Four blocks of 64 channels, the map as it is: 1600 numbers at 84 pixels."""
  config.model.backbone = 'conv4'
  config.model.options = {'width': 64}
  config.model.pooling = 'flatten'
  _without_last(config)


def resnet12(config: Any) -> None:
  """ResNet-12 of TADAM, which pools the map to 512 numbers."""
  config.model.backbone = 'resnet12'
  config.model.options = {'width': 64}
  config.model.pooling = 'gap'
  _without_last(config)


def smoke(config: Any) -> None:
  """Everything once, small, on few classes and for a few steps: a test."""
  smoke_data.letters(config, size=16)
  conv4(config)
  config.model.options.width = 4
  config.metric.semantics.source = 'unicode'
  config.metric.semantics.path = ''
  config.metric.semantics.rename = ''
  config.metric.mixture.hidden = 4
  config.metric.margin.hidden = 4
  config.train.episodes = {'way': 3, 'shots': 2, 'queries': 2, 'tasks': 2}
  config.train.batch_size = 16
  config.train.iterations = 2
  config.train.validate_every_epochs = config.train.checkpoint_every_epochs = (
      0.02
  )
  config.train.optimizer.schedule = {'name': 'constant'}
  config.train.log_every = 1
  config.weight_generator.way = 2
  config.weight_generator.steps = 4
  config.weight_generator.tasks = 2
  config.episodes.way = 3
  config.episodes.queries = 2
  config.episodes.tasks = 6
  config.episodes.base_queries = min(config.episodes.base_queries, 6)
  config.evaluation.shots = (1, 2)
  config.evaluation.draws = 3


def _method(config: Any, name: str) -> None:
  config.representation.name = name
  config.learners = (_LEARNERS[name],)


def _without_last(config: Any) -> None:
  """A cosine classifier's extractor ends without ReLU, or swish."""
  if config.representation.name == 'cosine_margin':
    last = 'last_swish' if config.model.backbone == 'resnet12' else 'last_relu'
    config.model.options[last] = False


def _as_cosines(config: Any) -> None:
  if config.representation.name in ('prototypical', 'am3'):
    cosine(config)


def _default_margin(config: Any) -> None:
  """What the paper leaves open.

  The reasons are in experiments/adaptive_margin/README.md.
  """
  config.metric.margin.value = 1.0
  config.metric.margin.remedy = 'meta'


def _remedy(name: str) -> Callable[[Any], None]:
  def variant(config: Any) -> None:
    config.metric.margin.remedy = name

  variant.__doc__ = f'The remedy {name!r} against the collapse of margins.'
  return variant


VARIANTS = {
    'protonet': protonet,
    'am3': am3,
    'matching': matching,
    'dynamic': dynamic,
    'none': _margin('none'),
    'naive': _margin('naive'),
    'class': _margin('class'),
    'task': _margin('task'),
    'cosface': cosface,
    'arcface': arcface,
    'generalized': generalized,
    'cosine': cosine,
    'squared': squared,
    'conv4': conv4,
    'resnet12': resnet12,
    'joint': _remedy('joint'),
    'floor': _remedy('floor'),
    'mean': _remedy('mean'),
    'meta': _remedy('meta'),
    'fixed': _remedy('fixed'),
    'smoke': smoke,
}


def with_shots(images: int, number: int) -> dict[str, Callable[[Any], None]]:
  """Variants of 1 and 5 shots, which count so many batches anew.

  Args:
    images: of the base classes.
    number: of batches.

  Returns:
    Variants by name.
  """

  def shots(change):
    def variant(config):
      change(config)
      if config.train.sampling == 'episodes':
        iterations(config, number, images)

    variant.__doc__ = change.__doc__
    return variant

  return {'one_shot': shots(one_shot), 'five_shot': shots(five_shot)}
