"""Imprinted weights on the first 50 classes of CUB, from scratch, for CPUs.

Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018, at reduced
size: 25 base and 25 novel classes of birds at 64 pixels, Conv-4 without
pretraining. Orders of methods can be compared with tables 1 to 3, levels not.

  python -m lsl_jax.main --config=configs/imprint_cub50.py \
      --config.data.path=cub50_96.npz --workdir=runs/imprint_cub50

`cub50_96.npz` is a pack of images as docs/data_format.md describes it, with
`is_train`. What to expect: experiments/imprinting/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import imprinting


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'npz'
  config.data.path = 'cub50_96.npz'
  with config.data.ignore_type():  # counts, not a name
    config.data.split = {'base': 25, 'novel': 25}
  config.data.resize = 72
  config.data.size = 64
  config.data.augment.crop = 'random'
  config.data.augment.flip = True
  config.data.augment.brightness = 0.3
  config.data.augment.contrast = 0.3
  config.data.augment.saturation = 0.3
  config.model.options.width = 32
  config.train.epochs = 60.0
  config.train.batch_size = 32
  config.train.optimizer.learning_rate = 0.05
  config.train.optimizer.weight_decay = 5e-4
  config.train.optimizer.schedule.warm_up = 2.0
  config.train.checkpoint_every_epochs = 10.0
  config.learners = ['random', 'imprint', 'imprint_aug', 'nearest']
  config.finetune.epochs = 10.0
  config.finetune.batch_size = 32
  config.finetune.optimizer.learning_rate = 0.005
  config.finetune.optimizer.weight_decay = 5e-4
  config.finetune.checkpoint_every_epochs = 5.0
  config.joint = config.train.copy_and_resolve_references()
  config.joint.sampling = 'balanced'
  config.evaluation.curve_every_epochs = 1.0
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
  config.finetune.epochs = 60.0
  config.evaluation.curve_every_epochs = 10.0
