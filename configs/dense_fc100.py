"""Dense classification and implanting on FC100 (CIFAR-100 by superclass).

Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
few-shot learning. CVPR 2019: table 5.
"""

from lsl_jax.pipeline import defaults


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'npz'
  config.data.path = 'cifar100.npz'
  config.data.split = 'fc100'
  config.data.augment.crop = 'random'
  config.data.augment.padding = 4
  config.data.augment.flip = True
  config.model.backbone = 'resnet12'
  config.model.embedding = None
  config.model.scale = 100.0
  config.representation.name = 'dense'
  config.representation.positions = 'mean'
  config.train.batch_size = 512
  config.train.epochs = 12500 * 512 / 30000
  config.train.optimizer = {
      'name': 'adam',
      'learning_rate': 1e-3,
      'weight_decay': 0.0,
      'schedule': {'name': 'cosine'},
  }
  config.evaluation.shots = (1, 5, 10)
  config.learners = ('imprint',)
  return defaults.apply(config, variants, {'quarter': quarter, 'gap': gap, 'c128f': c128f, 'wide': wide})


def quarter(config):
  config.model.options.width = 16
  config.model.scale = 10.0
  config.train.batch_size = 128
  config.train.epochs = 3.0
  config.train.optimizer.schedule = {'name': 'cosine', 'warm_up': 0.2}
  config.train.validate_every_epochs = 1.0
  config.train.log_every = 50
  config.evaluation.draws = 100


def gap(config):
  config.representation.name = 'softmax'


def wide(config):
  config.model.options.extra = 4


def c128f(config):
  config.model.backbone = 'c128f'
