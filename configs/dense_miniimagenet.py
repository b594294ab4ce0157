"""Dense classification and implanting on miniImageNet.

Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
few-shot learning. CVPR 2019: tables 1 (variants none, gap, c128f and
c128f,gap), 2 (poolings and gap,poolings), 3 (implant_poolings) and 4 (none,
gap, wide and implants). Variants that differ in the learners alone take the
network of another run over:

  python -m lsl_jax.main --config=configs/dense_miniimagenet.py \
      --workdir=runs/mini
  python -m lsl_jax.main --config=configs/dense_miniimagenet.py:poolings \
      --workdir=runs/mini_poolings --config.representation.workdir=runs/mini

Data: `miniimagenet.npz` with the 100 classes by their ImageNet names or wnids,
in the format of docs/data_format.md, at 84 x 84. Of every base class 15 % of
the images are held out for tests on base classes; the paper has extra images
for them. At this size not run here for want of a GPU; the variant quarter is a
smaller network on images of 42 x 42. What to expect:
experiments/dense_implant/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import dense


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'npz'
  config.data.path = 'miniimagenet.npz'
  config.data.options = {'test_fraction': 0.15}
  config.data.split = 'miniimagenet'
  config.data.resize = 84
  config.data.size = 84
  config.data.augment.crop = 'random'
  config.data.augment.padding = 8
  config.data.augment.flip = True
  dense.protocol(config)
  config.model.scale = 10.0
  config.train.iterations = 8000
  config.train.batch_size = 200
  # The paper names Nesterov's momentum; rates and decay are those of Gidaris
  # and Komodakis, whose setting this is.
  config.train.optimizer = {
      'name': 'sgd',
      'learning_rate': 0.1,
      'momentum': 0.9,
      'nesterov': True,
      'weight_decay': 5e-4,
      'schedule': {'name': 'cosine'},
  }
  config.train.validate_every_epochs = 5.0
  config.train.checkpoint_every_epochs = 5.0
  config.train.log_every = 50
  return defaults.apply(
      config, variants, {**dense.VARIANTS, 'quarter': quarter}
  )


def quarter(config):
  """A quarter of the width and half of the side, for one CPU core.

  The rate and the lack of augmentation are chosen on validation classes.
  """
  config.data.resize = 42
  config.data.size = 42
  config.data.augment.crop = 'none'
  config.data.augment.padding = 0
  config.data.augment.flip = False
  dense.quarter(config)
  config.train.epochs = 8.0
  config.train.batch_size = 64
  config.train.optimizer.learning_rate = 0.03
  config.train.optimizer.schedule = {'name': 'cosine', 'warm_up': 0.1}
