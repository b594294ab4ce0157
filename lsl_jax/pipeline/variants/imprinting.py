"""Variants that the configs of imprinted weights share: a paper's row each.

Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018.
"""

from collections.abc import Callable
from typing import Any

from lsl_jax.pipeline.variants import shrinking

# Stands for a file that a config cannot do without.
NEEDED = 'needed: a torchvision or timm file of ImageNet weights'

_FEATURE_LEARNERS = ['random', 'imprint', 'imprint_aug']


def rmsprop() -> dict[str, Any]:
  """The paper's recipe (section 5), new layers ten times as fast."""
  return {
      'name': 'rmsprop',
      'learning_rate': 1e-4,
      'momentum': 0.9,
      'decay': 0.9,
      'multipliers': {'embedding': 10.0, 'classifier': 10.0},
      'schedule': {'name': 'exponential', 'rate': 0.94, 'every': 4},
  }


def finetune(config: Any) -> None:
  """Tables 1 and 2, rows Rand + FT and Imprinting + FT; figures 3 and 4."""
  config.learners = [*_FEATURE_LEARNERS, 'random_finetune', 'imprint_finetune']


def joint(config: Any) -> None:
  """Tables 1 and 2, row AllClassJoint."""
  config.learners = ['joint']


def generator(config: Any) -> None:
  """Tables 1 and 2, row Generator + Classifier (Hariharan and Girshick)."""
  config.learners = ['logistic_hallucinate']


def matching(config: Any) -> None:
  """Tables 1 and 2, row Matching Networks (Vinyals et al.)."""
  config.learners = ['matching_network']


def transfer(config: Any) -> None:
  """Table 3, first rows: novel classes alone."""
  config.evaluation.protocol = 'transfer'


def transfer_finetune(config: Any) -> None:
  """Table 3, all rows."""
  finetune(config)
  transfer(config)


def neighbours(config: Any) -> None:
  """Figure 6, embeddings trained by softmax."""
  transfer(config)
  config.learners = ['imprint', 'nearest']


def lifted(config: Any) -> None:
  """Figure 6, embeddings trained by the lifted structured loss."""
  neighbours(config)
  config.representation.name = 'lifted'
  config.train.sampling = 'pairs'


def lifted_from_scratch(config: Any) -> None:
  """The same without pretraining, by a recipe of its own.

  As its authors have it, embeddings are not normalised while they are learned:
  between unit vectors all distances are alike, and so are hard and easy
  negatives. Chosen on the validation classes of the letters.
  """
  lifted(config)
  config.model.normalise = False
  config.train.batch_size = 64
  config.train.optimizer.learning_rate = 0.01


def proxy_nca(config: Any) -> None:
  """Section 3.1: embeddings trained by Proxy-NCA."""
  config.representation.name = 'proxy_nca'


def per_class_scale(config: Any) -> None:
  """Section 4.1: one trainable scale a class."""
  config.model.per_class_scale = True


def _embedding(size: int) -> Callable[[Any], None]:
  def variant(config: Any) -> None:
    config.model.embedding = size

  variant.__doc__ = f'Figure 7: {size}-dimensional embeddings.'
  return variant


def scratch(config: Any) -> None:
  """Without ImageNet's weights: not what the paper measured."""
  config.model.pretrained = ''


def smoke(config: Any) -> None:
  """Everything once, small, on few classes and for a few steps: a test."""
  config.data.name = 'glyphs'
  config.data.path = ''
  with config.data.ignore_type():  # may be a mapping
    config.data.split = ''
  config.data.resize = min(config.data.resize, 36)
  config.data.size = min(config.data.size, 32)
  config.data.max_classes = 6
  config.model.pretrained = ''
  config.model.backbone = 'conv4'
  config.model.options = {'width': 8, 'depth': 2}
  config.model.embedding = min(config.model.embedding, 16)
  config.evaluation.shots = [1, 2]
  config.evaluation.draws = 3
  config.views = 2
  shrinking.tiny(config)
  for recipe in (config.train, config.finetune, config.joint):
    recipe.batch_size = 16
    recipe.epochs = 0.2
    recipe.optimizer.schedule = {'name': 'constant'}  # no room to warm up
    recipe.log_every = 1


VARIANTS = {
    'finetune': finetune,
    'joint': joint,
    'generator': generator,
    'matching': matching,
    # Of those two, for a CPU.
    'small': shrinking.small,
    'transfer': transfer,
    'transfer_finetune': transfer_finetune,
    'neighbours': neighbours,
    'lifted': lifted,
    'proxy_nca': proxy_nca,
    'per_class_scale': per_class_scale,
    'd64': _embedding(64),
    'd128': _embedding(128),
    'd256': _embedding(256),
    'd512': _embedding(512),
    'scratch': scratch,
    'smoke': smoke,
}
