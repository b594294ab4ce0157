"""Metric-based methods and their networks, which take a margin or none.

Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive margin
loss. CVPR 2020.
"""

from typing import Any

# Of every metric-based method, the learner that tests it.
_LEARNERS = {
    'prototypical': 'prototypical',
    'am3': 'am3',
    'matching': 'matching_cosine',
    'cosine_margin': 'dynamic',
}


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


def _method(config: Any, name: str) -> None:
  config.representation.name = name
  config.learners = (_LEARNERS[name],)


def _without_last(config: Any) -> None:
  """A cosine classifier's extractor ends without ReLU, or swish."""
  if config.representation.name == 'cosine_margin':
    last = 'last_swish' if config.model.backbone == 'resnet12' else 'last_relu'
    config.model.options[last] = False
