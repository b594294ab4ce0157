"""Imprinted weights on CIFAR-100: 60 base, 20 validation, 20 novel classes.

Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018, at reduced
size, with the class split of FC100 (superclasses are not divided). Orders of
methods can be compared with tables 1 to 3, levels not.

  python -m lsl_jax.main --config=configs/imprint_cifar100.py \
      --config.data.path=cifar100.npz --workdir=runs/imprint_cifar100

Without `cifar100.npz` (experiments/imprinting/prepare_cifar100.py makes it),
--config.data.name=tfds:cifar100 takes the set from TFDS. What to expect:
experiments/imprinting/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import imprinting


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'npz'
  config.data.path = 'cifar100.npz'
  config.data.split = 'fc100'
  config.data.augment.crop = 'random'
  config.data.augment.padding = 4
  config.data.augment.flip = True
  config.model.options.width = 32
  config.train.epochs = 6.0
  config.train.batch_size = 64
  config.train.optimizer.learning_rate = 0.1
  config.train.optimizer.weight_decay = 5e-4
  config.train.optimizer.schedule.warm_up = 0.5
  config.train.validate_every_epochs = 3.0
  config.train.log_every = 100
  config.learners = ['random', 'imprint', 'imprint_aug', 'nearest']
  config.finetune.epochs = 1.0
  config.finetune.batch_size = 64
  config.finetune.optimizer.learning_rate = 0.01
  config.finetune.optimizer.weight_decay = 5e-4
  config.finetune.log_every = 100
  config.joint = config.train.copy_and_resolve_references()
  config.joint.sampling = 'balanced'
  config.evaluation.curve_every_epochs = 0.25
  return defaults.apply(
      config,
      variants,
      {
          **imprinting.VARIANTS,
          'lifted': imprinting.lifted_from_scratch,
          'transfer_finetune': transfer_finetune,
      },
  )


def transfer_finetune(config):
  imprinting.transfer_finetune(config)
  # Epochs are short without base images.
  config.finetune.epochs = 20.0
  config.evaluation.curve_every_epochs = 5.0
