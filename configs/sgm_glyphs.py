"""Shrinking and hallucinating features on the embedded letters.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017: the rows of tables 1 and 2 at a size for a CPU, with
nothing to download. Variants as in configs/README.md.

  python -m lsl_jax.main --config=configs/sgm_glyphs.py:sgm \
      --workdir=runs/sgm_glyphs

What to expect, on which hardware, how long:
experiments/shrink_hallucinate/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import shrinking


def get_config(variants=None):
  config = defaults.defaults()
  shrinking.setting(config)
  shrinking.small(config)
  config.data.name = 'glyphs'
  config.data.augment.crop = 'random'
  config.data.augment.padding = 2
  config.data.augment.rotation = 8.0
  config.data.augment.zoom = 0.1
  config.model.options.width = 16
  config.model.options.growth = 2
  config.train.epochs = 10.0
  config.train.batch_size = 64
  config.train.optimizer.learning_rate = 0.1
  config.train.optimizer.schedule.warm_up = 0.5
  config.train.validate_every_epochs = 0.0
  config.train.log_every = 50
  # A letter has few images.
  config.hallucination.centroids = 12
  config.finetune.epochs = 3.0
  config.finetune.batch_size = 32
  config.finetune.optimizer.learning_rate = 0.01
  config.finetune.log_every = 50
  config.evaluation.curve_every_epochs = 1.0
  return defaults.apply(config, variants, shrinking.NARROW)
