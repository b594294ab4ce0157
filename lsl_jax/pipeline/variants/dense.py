"""Variants that the configs of dense classification share: a row or table each.

Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
few-shot learning. CVPR 2019.
"""

from typing import Any

from lsl_jax.pipeline.variants import smoke as smoke_data

# Support and query pooling of table 2, in its order.
POOLINGS = [
    'proto_gmp_gmp',
    'proto_gmp_dense',
    'proto_gap_gap',
    'proto_gap_dense',
]
# Table 3: pooling of support and queries in training, then of test queries.
IMPLANT_POOLINGS = [
    f'implant_{training}_{query}'
    for training in ('gmp_gmp', 'gmp_dense', 'gap_gap', 'gap_dense')
    for query in ('gap', 'gmp', 'dense')
]


def protocol(config: Any) -> None:
  """What all rows share: stage 1 by dense classification, 10,000 tasks."""
  config.model.backbone = 'resnet12'
  config.model.embedding = None
  config.representation.name = 'dense'
  # With the learning rate unknown, the mean over positions, which does not tie
  # it to the size of the map.
  config.representation.positions = 'mean'
  config.evaluation.protocol = 'episodic'
  config.evaluation.shots = (1, 5, 10)
  config.learners = ('proto_gap_dense', 'proto_gap_gap', 'proto_gmp_gmp')


def gap(config: Any) -> None:
  """Tables 1, 4 and 5, rows GAP: stage 1 by global average pooling."""
  config.representation.name = 'softmax'
  config.learners = ('proto_gap_gap',)


def gmp(config: Any) -> None:
  """Section 5.2: stage 1 by global max-pooling."""
  config.representation.name = 'softmax'
  config.model.pooling = 'gmp'
  config.learners = ('proto_gmp_gmp', 'proto_gap_gap')


def wide(config: Any) -> None:
  """Table 4, row DC + WIDE: 16 more channels in the last block."""
  config.model.options.extra = max(1, 16 * _width(config) // 64)


def c128f(config: Any) -> None:
  """Table 1, rows C128F."""
  config.model.backbone = 'c128f'


def three_pools(config: Any) -> None:
  """The network of TADAM's code: three poolings, which cover all pixels."""
  config.model.options.pools = 3
  config.model.options.pool_padding = 'same'


def poolings(config: Any) -> None:
  """Table 2: every pooling, on base, novel and both classes, 5 shots."""
  config.learners = tuple(POOLINGS)
  config.evaluation.shots = (5,)
  # As many as there are queries of novel classes.
  config.episodes.base_queries = config.episodes.way * config.episodes.queries


def implants(config: Any) -> None:
  """Tables 4 and 5, rows DC + IMP, with DC beside it on the same tasks."""
  config.learners = ('proto_gap_dense', 'implant_gap_gap_dense')
  config.evaluation.shots = (5, 10)
  config.episodes.tasks = 5000


def implant_poolings(config: Any) -> None:
  """Table 3: poolings in training implants and in testing them, 5 shots."""
  implants(config)
  config.learners = tuple(IMPLANT_POOLINGS)
  config.evaluation.shots = (5,)


def quarter(config: Any) -> None:
  """A network of a quarter of the width, trained by epochs on one CPU core."""
  config.model.options.width = 16
  if 'extra' in config.model.options:  # variant wide, as narrow as the rest
    config.model.options.extra //= 4
  config.train.iterations = 0
  config.train.validate_every_epochs = 0.0
  config.train.checkpoint_every_epochs = 0.5
  config.train.log_every = 50


def smoke(config: Any) -> None:
  """Everything once, small, on few classes and for a few steps: a test."""
  smoke_data.letters(config, size=32)
  config.model.options.width = 4
  if 'extra' in config.model.options:
    config.model.options.extra = 1
  config.train.batch_size = 16
  config.train.epochs = 0.2
  config.train.iterations = 0
  # The same for all configs, so that tests compile one step.
  config.train.optimizer = {
      'name': 'sgd',
      'learning_rate': 0.1,
      'schedule': {'name': 'constant'},
  }
  config.train.log_every = 1
  config.episodes.way = 3
  config.episodes.queries = 2
  config.episodes.tasks = 6
  if config.episodes.base_queries:
    config.episodes.base_queries = 6
  config.evaluation.shots = tuple(
      shots for shots in (1, 2) if shots > 1 or 1 in config.evaluation.shots
  )
  config.implants.channels = 2
  config.implants.epochs = 2


def _width(config: Any) -> int:
  return config.model.options.get('width', 64)


VARIANTS = {
    'gap': gap,
    'gmp': gmp,
    'wide': wide,
    'c128f': c128f,
    'three_pools': three_pools,
    'poolings': poolings,
    'implants': implants,
    'implant_poolings': implant_poolings,
    'smoke': smoke,
}
