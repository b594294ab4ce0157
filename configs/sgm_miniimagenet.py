"""Shrinking and hallucinating features on miniImageNet, from an image pack.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017: the rows of tables 1 and 2 with Ravi and Larochelle's
64 base, 16 validation and 20 novel classes, and a narrow Conv-4 on 64 pixels.

  python -m lsl_jax.main --config=configs/sgm_miniimagenet.py:sgm \
      --config.data.path=miniimagenet.npz --workdir=runs/sgm_miniimagenet

The pack has keys `jpeg` or `encoded`, `offsets`, `labels` and `class_names` as
in docs/data_format.md; a quarter of each class is for testing. What to
expect: experiments/shrink_hallucinate/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import shrinking


def get_config(variants=None):
  config = defaults.defaults()
  shrinking.setting(config)
  shrinking.small(config)
  # The share of novel classes, 20 of 84; 0.8 is for ImageNet.
  config.evaluation.novel_prior = 0.25
  config.data.name = 'npz'
  config.data.path = 'miniimagenet.npz'
  config.data.split = 'miniimagenet'
  config.data.options.test_fraction = 0.25
  config.data.resize = 72
  config.data.size = 64
  config.data.keep_aspect = True
  config.data.augment.crop = 'random'
  config.data.augment.flip = True
  config.model.options.width = 16
  config.model.options.growth = 2
  config.train.epochs = 15.0
  config.train.batch_size = 64
  config.train.optimizer.learning_rate = 0.1
  config.train.optimizer.weight_decay = 5e-4
  config.train.optimizer.schedule.warm_up = 0.5
  config.train.validate_every_epochs = 0.0
  config.train.log_every = 100
  config.finetune.epochs = 2.0
  config.finetune.optimizer.learning_rate = 0.01
  return defaults.apply(config, variants, shrinking.NARROW)
