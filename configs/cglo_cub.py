"""cGLO on CUB-200-2011 with few images a class, as the paper has it.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020, table 2, column cGLO
(51.52, 65.13, 74.16 and 77.75 % with 5, 10, 20 and 30 images a class).

  python -m lsl_jax.main --config=configs/cglo_cub.py:5 \
      --config.model.pretrained=resnet50.pth \
      --config.cglo.perceptual.path=vgg16.pth --workdir=runs/cglo_cub_5

Needs the data set (python -m lsl_jax.data.prepare caltech_birds2011, once),
ImageNet weights of ResNet-50, with which the authors' program begins, or the
variant `scratch`, and a GPU. The 200 epochs are the paper's (section 4.3),
decay and weight decay those of the authors' program, since the paper gives
none. The paper's samples are those of Barz and Denzler, here they are drawn by
the seed.

The shorter side of a photograph is brought to 256 pixels, and of the square in
its middle the classifier sees 224 x 224. By default the generator makes images
of that size. That of the authors' program makes 256 x 256, of photographs
brought to a square whatever their sides, and their classifier sees all of them.
With `authors` ours makes 256 x 256, too, but of the middle, and the classifier
sees the 224 x 224 in its middle, since a batch has one size here.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import imprinting, small_samples


def get_config(variants=None):
  config = defaults.defaults()
  small_samples.start(config)
  config.data.name = 'tfds:caltech_birds2011'
  config.data.resize = 256
  config.data.size = 224
  config.data.keep_aspect = True
  config.data.normalisation = 'imagenet'
  config.data.augment.crop = 'random'
  config.data.augment.flip = True
  config.model.backbone = 'resnet50'
  config.model.pretrained = imprinting.NEEDED
  config.small_sample.shots = 5
  config.small_sample.whole = 30
  config.train.epochs = 200.0
  config.train.batch_size = 16
  config.train.optimizer = {
      'name': 'sgd',
      'learning_rate': 1e-3,
      'momentum': 0.9,
      'nesterov': True,
      'weight_decay': 1e-5,
      'schedule': {'name': 'exponential', 'rate': 0.9, 'every': 2},
  }
  config.train.checkpoint_every_epochs = 10.0
  config.cglo.batch_size = 16
  return small_samples.apply(
      config,
      variants,
      {
          **{str(n): small_samples.shots(n) for n in (5, 10, 20, 30)},
          'scratch': imprinting.scratch,
          'cosine': cosine,
          'mixmatch': mixmatch,
          'authors': authors,
      },
  )


def cosine(config):
  """Barz and Denzler's row, from scratch as they train."""
  small_samples.cosine(config)
  config.model.pretrained = ''
  config.train.optimizer.learning_rate = 0.5


def mixmatch(config):
  """Row MixMatch, with the batches of the authors' program for birds."""
  small_samples.mixmatch(config)
  config.train.batch_size = 32


def authors(config):
  """Where the authors' program differs from the paper."""
  small_samples.authors(config)
  if config.cglo.noise == 'concatenate':
    config.cglo.noise = 'none'
  config.cglo.size = 256
  config.cglo.generator.options = {'width': 128, 'momentum': 0.999}
  config.cglo.batch_size = 32
  config.data.augment.crop = 'resized'
  config.data.augment.area = (0.875, 1.0)
