"""Dense classification and implanting on the embedded letters: no downloads.

Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
few-shot learning. CVPR 2019, its tables' rows on letters instead of photographs
and with a ResNet-12 of a quarter of the width. Letters are small and centred,
so that little is to be expected of dense classification here.

  python -m lsl_jax.main --config=configs/dense_glyphs.py \
      --workdir=runs/dense_glyphs

Its accuracies have not been written down; those of FC100 are in
experiments/dense_implant/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import dense


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'glyphs'
  # Letters differ by their orientation: no flips, and turns only slightly.
  config.data.augment.crop = 'random'
  config.data.augment.padding = 2
  config.data.augment.rotation = 8.0
  config.data.augment.zoom = 0.1
  dense.protocol(config)
  config.model.options.width = 16
  config.train.epochs = 5.0
  config.train.batch_size = 64
  config.train.optimizer = {
      'name': 'adam',
      'learning_rate': 3e-3,
      'weight_decay': 0.0,
      'schedule': {'name': 'cosine', 'warm_up': 0.2},
  }
  config.train.validate_every_epochs = 0.0
  config.train.log_every = 50
  config.episodes.queries = 15
  return defaults.apply(config, variants, dense.VARIANTS)
