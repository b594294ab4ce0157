"""Imprinted weights on the embedded letters: the main job, without downloads.

Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018: the rows
of tables 1 to 3 and of figures 3 to 7 that are the paper's own, on letters
instead of birds. Base classes are Latin, Greek and Cyrillic letters, novel ones
Armenian and Georgian; test images come from fonts that training never showed.

  python -m lsl_jax.main --config=configs/imprint_glyphs.py \
      --workdir=runs/imprint_glyphs

What to expect, on which hardware, how long: experiments/imprinting/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import imprinting


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'glyphs'
  # Letters differ by their orientation: no flips, and turns only slightly.
  config.data.augment.crop = 'random'
  config.data.augment.padding = 2
  config.data.augment.rotation = 8.0
  config.data.augment.zoom = 0.1
  config.model.options.width = 32
  # Chosen on the validation classes, as is all that the paper leaves open.
  config.train.epochs = 10.0
  config.train.batch_size = 32
  config.train.optimizer.learning_rate = 0.1
  config.train.optimizer.schedule.warm_up = 0.5
  config.train.validate_every_epochs = 2.5
  config.train.log_every = 50
  config.learners = ['random', 'imprint', 'imprint_aug', 'nearest']
  config.finetune.epochs = 3.0
  config.finetune.batch_size = 32
  config.finetune.optimizer.learning_rate = 0.03
  config.finetune.log_every = 50
  config.joint = config.train.copy_and_resolve_references()
  config.joint.sampling = 'balanced'
  config.evaluation.curve_every_epochs = 0.5
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
  config.finetune.epochs = 30.0
  config.evaluation.curve_every_epochs = 5.0
