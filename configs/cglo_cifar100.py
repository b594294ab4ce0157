"""cGLO on CIFAR-100 with few images a class, as the paper has it.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020, table 1, column cGLO
(28.55, 43.84, 52.95 and 64.27 % with 10, 25, 50 and 100 images a class).
Variants are these numbers, the other columns and tables 3 to 6: see
configs/README.md.

  python -m lsl_jax.main --config=configs/cglo_cifar100.py:25 \
      --config.data.path=cifar100.npz --config.cglo.perceptual.path=vgg16.pth \
      --workdir=runs/cglo_cifar100_25

Without `cifar100.npz` (experiments/imprinting/prepare_cifar100.py makes it),
--config.data.name=tfds:cifar100 takes the set from TFDS. Needs a GPU: 200
epochs of 50,000 images of WideResNet-28-10, three times. The classifier's
schedule, dropout and weight decay, sigma, gamma and all rates of cGLO are those
of the authors' program, since the paper gives none.
"""

from lsl_jax.pipeline.cglo import perceptual
from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import small_sample_sizes, small_samples


def get_config(variants=None):
  config = defaults.defaults()
  small_samples.start(config)
  config.data.name = 'npz'
  config.data.path = 'cifar100.npz'
  config.data.normalisation = 'cifar100'
  config.data.augment.crop = 'random'
  config.data.augment.padding = 4
  config.data.augment.flip = True
  config.model.backbone = 'wide_resnet'
  config.model.options = {'depth': 28, 'width': 10, 'dropout': 0.3}
  config.small_sample.whole = 500
  config.train.epochs = 200.0
  config.train.batch_size = 128
  config.train.optimizer = {
      'name': 'sgd',
      'learning_rate': 0.1,
      'momentum': 0.9,
      'nesterov': True,
      'weight_decay': 5e-4,
      'schedule': {
          'name': 'step',
          'boundaries': (60.0, 120.0, 160.0),
          'factor': 0.2,
      },
  }
  config.train.checkpoint_every_epochs = 10.0
  config.train.log_every = 100
  return small_samples.apply(
      config,
      variants,
      {
          **{str(n): small_samples.shots(n) for n in (10, 25, 50, 100)},
          'wrn16_4': wrn16_4,
          'authors': authors,
          'small': small,
      },
  )


def wrn16_4(config):
  """A smaller classifier, for ablations."""
  config.model.options = {'depth': 16, 'width': 4, 'dropout': 0.3}


def authors(config):
  """Where the authors' program differs from the paper."""
  small_samples.authors(config)
  config.cglo.generator.name = 'dense'


def small(config):
  """Conv-4 and fewer steps, for CPUs: not what the paper measured.

  With the pyramid, which needs no weights, unless another measure is named;
  `efficientnet` makes far better images.
  """
  if config.cglo.perceptual.path == perceptual.NEEDED:
    small_samples.pyramid(config)
  config.small_sample.seeds = 1
  config.small_sample.whole = 50
  config.model.backbone = 'conv4'
  config.model.options = {'width': 32}
  # Chosen on held-out training images among 20, 60 and 150.
  small_sample_sizes.shorten(config, epochs=60.0, batch_size=64)
  small_sample_sizes.narrow(config)
  config.cglo.epochs = 100.0
  config.cglo.batch_size = 64
  config.cglo.code_rate = 5e-3
  config.cglo.generator_optimizer.learning_rate = 2e-3
  config.cglo.schedule = {'name': 'exponential', 'rate': 0.5, 'every': 35}
