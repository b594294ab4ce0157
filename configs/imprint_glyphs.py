"""Imprinted weights on the embedded letters: the main job, without downloads.

Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018: the rows
of tables 1 to 3 and of figures 3 to 7 that are the paper's own, on letters
instead of birds. Base classes are Latin, Greek and Cyrillic letters, novel ones
Armenian and Georgian; test images come from fonts that training never showed.

  python -m lsl_jax.main --config=configs/imprint_glyphs.py --workdir=runs/imprint_glyphs

What to expect, on which hardware, how long: experiments/imprinting/README.md.
"""

from lsl_jax.pipeline import defaults, imprinting


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'glyphs'
  # Letters differ by their orientation: no flips, and turns only slightly.
  config.data.augment.crop = 'random'
  config.data.augment.padding = 2
  config.data.augment.rotation = 8.0
  config.data.augment.zoom = 0.1
  config.model.options.width = 32
  config.train.epochs = 6.0
  config.train.batch_size = 128
  config.train.optimizer.learning_rate = 0.2
  config.learners = ['random', 'imprint', 'imprint_aug', 'nearest']
  config.finetune.epochs = 6.0
  config.finetune.batch_size = 128
  config.finetune.optimizer.learning_rate = 0.02
  config.joint.epochs = 6.0
  config.joint.batch_size = 128
  return defaults.apply(config, variants, imprinting.VARIANTS)
