"""Dense classification and implanting on birds: not in the paper.

Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
few-shot learning. CVPR 2019, with the recipe of configs/dense_miniimagenet.py
on CUB-200-2011 divided as by Chen et al. 2019 (100 base, 50 validation and 50
novel classes), cropped to 84 x 84:

  python -m lsl_jax.main --config=configs/dense_cub.py --workdir=runs/cub \
      --config.data.path=CUB_200_2011/images

A base class has some 30 images to train on, and as many held out; a novel class
60 for tasks of 5 and 10 shots and 15 queries. Not run here for want of a GPU.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import dense


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'folder'
  config.data.path = 'CUB_200_2011/images'
  config.data.split = 'cub_chen'
  config.data.resize = 92
  config.data.size = 84
  config.data.keep_aspect = True
  config.data.augment.crop = 'random'
  config.data.augment.flip = True
  dense.protocol(config)
  config.episodes.queries = 15
  config.train.iterations = 4000
  config.train.batch_size = 64
  config.train.optimizer = {
      'name': 'sgd',
      'learning_rate': 0.1,
      'momentum': 0.9,
      'nesterov': True,
      'weight_decay': 5e-4,
      'schedule': {'name': 'cosine'},
  }
  config.train.validate_every_epochs = 10.0
  config.train.checkpoint_every_epochs = 10.0
  config.train.log_every = 50
  return defaults.apply(config, variants, dense.VARIANTS)
