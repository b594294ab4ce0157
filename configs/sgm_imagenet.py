"""Shrinking and hallucinating features on ImageNet: the paper's own setting.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017, tables 1 and 2: a variant for every row, see
configs/README.md. ResNet-10 by default, `resnet50` for the last rows.

  python -m lsl_jax.main --config=configs/sgm_imagenet.py:sgm \
      --config.data.path=~/tensorflow_datasets --workdir=runs/sgm_imagenet

Without further files classes are divided by a seed, in the paper's numbers;
with `lists` the authors' classes and draws are read (from their repository,
facebookresearch/low-shot-shrink-hallucinate):

  python -m lsl_jax.main --config=configs/sgm_imagenet.py:sgm,lists ... \
      --config.data.split=label_idx.json

The classes are then the authors', by name. A draw names images by their places
in the authors' list of training images, an order that TFDS does not keep: it
gives as many images of the same classes, but others. The same images come with
`features`, which takes the files that the authors' code writes, train.hdf5 and
val.hdf5, in the place of a network:

  python -m lsl_jax.main --config=configs/sgm_imagenet.py:lists,features \
      --config.data.path=train.hdf5 --workdir=runs/sgm_features

Numbers to expect: experiments/shrink_hallucinate/paper.json (top-5, novel
classes: baseline 14.1 at one shot, with generation 29.7; SGM 23.1 and 32.8).
The paper: two days on four GPUs of 2017 for phase 1. Not run here at this size;
the low-shot phase alone takes features of any network (`data.name=features`).
"""

import ml_collections

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import shrinking


def get_config(variants=None):
  config = defaults.defaults()
  shrinking.setting(config)
  config.data.name = 'tfds:imagenet2012'
  with config.data.ignore_type():
    # As many classes as in the paper: 193 + 196 base, 300 + 311 novel.
    config.data.split = ml_collections.ConfigDict(
        {'base': 389, 'validation': 300, 'novel': 311, 'seed': 0}
    )
  config.evaluation.first_base = 193
  config.data.resize = 256
  config.data.size = 224
  config.data.keep_aspect = True
  config.data.normalisation = 'imagenet'
  config.data.augment.crop = 'resized'
  config.data.augment.flip = True
  config.data.augment.brightness = 0.4
  config.data.augment.contrast = 0.4
  config.data.augment.saturation = 0.4
  config.model.backbone = 'resnet10'
  config.model.options = {}
  config.train.epochs = 90.0
  config.train.batch_size = 256
  config.train.optimizer.learning_rate = 0.1
  config.train.optimizer.weight_decay = 1e-4
  config.train.optimizer.schedule = {
      'name': 'step',
      'boundaries': (30, 60),
      'factor': 0.1,
  }
  config.train.validate_every_epochs = 0.0
  config.train.log_every = 100
  # Settings of Baseline-ft are not in the paper.
  config.finetune.epochs = 10.0
  config.finetune.batch_size = 256
  config.finetune.optimizer.learning_rate = 0.001
  return defaults.apply(
      config,
      variants,
      {
          **shrinking.VARIANTS,
          'authors': authors,
          'lists': lists,
          'features': features,
          'resnet50': resnet50,
          'sgm': sgm,
      },
  )


def authors(config):
  """Where the authors' code differs from the paper."""
  shrinking.authors(config)
  config.model.spare_rows = 1000 - 389


def lists(config):
  """The authors' classes and draws; give the list's path as data.split."""
  with config.data.ignore_type():
    config.data.split = 'label_idx.json'
  config.evaluation.draw_files = tuple(
      f'splitfile_{number}.json' for number in range(1, 6)
  )


def features(config):
  """The authors' files of features; give that of training as data.path."""
  config.data.name = 'features'
  config.data.options = {'test': 'val.hdf5', 'class_names': 'label_idx.json'}


def resnet50(config):
  """The last rows of both tables: the authors' ResNet-50, batches of 100."""
  config.model.backbone = 'resnet50_low_shot'
  config.train.batch_size = 100
  # One epoch at a tenth of the rate, then as ResNet-10.
  config.train.optimizer.schedule = {
      'name': 'step',
      'boundaries': (0, 1, 30, 60),
      'factor': (0.1, 10.0, 0.1, 0.1),
  }
  _weigh_sgm(config)


def sgm(config):
  """Representation SGM; the authors' weight depends on the network."""
  shrinking.sgm(config)
  _weigh_sgm(config)


def _weigh_sgm(config):
  """Called by both variants, which may be named in either order."""
  if (config.representation.name, config.model.backbone) == (
      'softmax_sgm',
      'resnet50_low_shot',
  ):
    config.representation.weight = 0.005
