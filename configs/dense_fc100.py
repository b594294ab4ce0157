"""Dense classification and implanting on FC100, CIFAR-100 by superclass.

Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
few-shot learning. CVPR 2019, table 5: rows GAP (variant gap), DC (none) and
DC + IMP (variant implants, with the network of the run before it).

  python -m lsl_jax.main --config=configs/dense_fc100.py --workdir=runs/fc100
  python -m lsl_jax.main --config=configs/dense_fc100.py:implants \
      --workdir=runs/fc100_implants --config.representation.workdir=runs/fc100

The variant quarter is a network of a quarter of the width and a recipe for one
CPU core. Data: `cifar100.npz` (experiments/imprinting/prepare_cifar100.py makes
it), or --config.data.name=tfds:cifar100 takes the set from TFDS. The 500
training images of a base class are trained on and the other 100 held out (the
paper trains on all 600); tasks draw from all 600 of a novel class.

What to expect, on which hardware, how long:
experiments/dense_implant/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import dense


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'npz'
  config.data.path = 'cifar100.npz'
  config.data.split = 'fc100'
  config.data.augment.crop = 'random'
  config.data.augment.padding = 4
  config.data.augment.flip = True
  dense.protocol(config)
  config.model.scale = 100.0
  config.train.iterations = 12500
  config.train.batch_size = 512
  # The paper names Adam; its rate and schedule are chosen here.
  config.train.optimizer = {
      'name': 'adam',
      'learning_rate': 1e-3,
      'weight_decay': 0.0,
      'schedule': {'name': 'cosine'},
  }
  config.train.validate_every_epochs = 10.0
  config.train.checkpoint_every_epochs = 10.0
  config.train.log_every = 100
  return defaults.apply(
      config, variants, {**dense.VARIANTS, 'quarter': quarter}
  )


def quarter(config):
  dense.quarter(config)
  config.model.scale = 10.0
  config.train.epochs = 10.0
  config.train.batch_size = 128
  # On validation classes a point above 1e-3.
  config.train.optimizer.learning_rate = 3e-3
  config.train.optimizer.schedule = {'name': 'cosine', 'warm_up': 0.1}
