"""Variants that the configs of adaptive margins share: a table's row is three.

Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive margin
loss. CVPR 2020. A method and a backbone (margin_methods) and a margin
(none, naive, class, task, cosface, arcface).
"""

from collections.abc import Callable
from typing import Any

from lsl_jax.pipeline.variants import margin_methods as methods
from lsl_jax.pipeline.variants import smoke as smoke_data

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
  methods.protonet(config)
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


def smoke(config: Any) -> None:
  """Everything once, small, on few classes and for a few steps: a test."""
  smoke_data.letters(config, size=16)
  methods.conv4(config)
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


def _as_cosines(config: Any) -> None:
  if config.representation.name in ('prototypical', 'am3'):
    methods.cosine(config)


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
    'protonet': methods.protonet,
    'am3': methods.am3,
    'matching': methods.matching,
    'dynamic': methods.dynamic,
    'none': _margin('none'),
    'naive': _margin('naive'),
    'class': _margin('class'),
    'task': _margin('task'),
    'cosface': cosface,
    'arcface': arcface,
    'generalized': methods.generalized,
    'cosine': methods.cosine,
    'squared': methods.squared,
    'conv4': methods.conv4,
    'resnet12': methods.resnet12,
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
