"""Shrinking and hallucinating features on CIFAR-100: 60 base, 20 + 20 novel.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017: the rows of tables 1 and 2 at a size for a CPU, with the
class split of FC100 (superclasses are not divided) and a narrow Conv-4 whose
blocks have 16 to 128 channels. Orders of methods can be compared with the
paper, levels not. Variants as in configs/README.md.

  python -m lsl_jax.main --config=configs/sgm_cifar100.py:sgm \
      --config.data.path=cifar100.npz --workdir=runs/sgm_cifar100

experiments/imprinting/prepare_cifar100.py makes `cifar100.npz`. What to expect,
on which hardware, how long: experiments/shrink_hallucinate/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import shrinking


def get_config(variants=None):
  config = defaults.defaults()
  shrinking.setting(config)
  shrinking.small(config)
  # The share of novel classes, 20 of 80; 0.8 is for ImageNet.
  config.evaluation.novel_prior = 0.25
  config.data.name = 'npz'
  config.data.path = 'cifar100.npz'
  config.data.split = 'fc100'
  config.data.augment.flip = True
  config.model.options.width = 16
  config.model.options.growth = 2
  config.train.epochs = 4.0
  config.train.batch_size = 128
  config.train.optimizer.learning_rate = 0.1
  config.train.optimizer.weight_decay = 5e-4
  config.train.optimizer.schedule.warm_up = 0.25
  config.train.validate_every_epochs = 0.0
  config.train.log_every = 100
  config.finetune.epochs = 1.0
  config.finetune.batch_size = 128
  config.finetune.optimizer.learning_rate = 0.01
  config.finetune.log_every = 100
  return defaults.apply(config, variants, shrinking.NARROW)
