"""Variants that the configs of cGLO share: a row of its tables each.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020.
"""

from collections.abc import Callable
from typing import Any

from lsl_jax.pipeline.cglo import perceptual
from lsl_jax.pipeline.settings import composing, defaults
from lsl_jax.pipeline.variants import small_sample_sizes

_TITLE = 'small_sample.title'
# Applied after all others, in this order: what they choose depends on those.
_LAST = ('small', 'authors', 'smoke')


def shots(count: int) -> Callable[[Any], None]:
  """The variant of N images a class."""

  def variant(config: Any) -> None:
    config.small_sample.shots = count

  variant.__doc__ = f'{count} images a class.'
  return variant


def _call(config: Any, title: str) -> None:
  """Several rows at once have all of their names."""
  names = filter(None, (config.small_sample.title, title))
  config.small_sample.title = ', '.join(names)


def _plain(config: Any, title: str) -> None:
  config.small_sample.method = 'plain'
  _call(config, title)


def baseline(config: Any) -> None:
  """Tables 1 to 3, 5, 6, row Baseline: standard augmentation alone."""
  _plain(config, 'Baseline')


def cutout(config: Any) -> None:
  """Tables 1 and 2, row Cutout: of each second image, as cGLO replaces them."""
  _plain(config, 'Cutout')
  # 8 of 32 pixels, as DeVries and Taylor have it for CIFAR-100.
  config.data.augment.cutout = config.data.size // 4
  config.data.augment.cutout_probability = 0.5


def random_erase(config: Any) -> None:
  """Tables 1 and 2, row Random Erase."""
  _plain(config, 'Random Erase')
  config.data.augment.erase = 0.5


def autoaugment(config: Any) -> None:
  """Table 6: AutoAugment alone."""
  _plain(config, 'AutoAugment')
  config.data.augment.policy = 'cifar10'


def autoaugment_cglo(config: Any) -> None:
  """Table 6: AutoAugment and cGLO."""
  _call(config, 'AutoAugment + cGLO')
  config.data.augment.policy = 'cifar10'


def mixmatch(config: Any) -> None:
  """Tables 1, 2 and 5, row MixMatch: the authors' recipe of it."""
  config.small_sample.method = 'mixmatch'
  _call(config, 'MixMatch')
  config.train.batch_size = 64
  config.train.iterations = 100 * 1024
  config.train.optimizer = {
      'name': 'adam',
      'learning_rate': 2e-3,
      'schedule': {'name': 'constant'},
  }


def cosine(config: Any) -> None:
  """Tables 1 and 2, row Barz & Denzler: cosine loss, restarts, clipping."""
  _plain(config, 'Barz & Denzler')
  config.representation.name = 'cosine'
  # Five cycles, each twice as long as the one before.
  cycle = 12.0
  config.train.epochs = cycle * small_sample_sizes.CYCLES
  config.train.optimizer = {
      'name': 'sgd',
      'learning_rate': 0.05,
      'momentum': 0.9,
      'clip_norm': 10.0,
      'schedule': {'name': 'restarts', 'cycle': cycle},
  }


def unlabelled_1000(config: Any) -> None:
  """Table 5, 1000 unlabelled images."""
  config.small_sample.unlabelled = 1000


def unlabelled_35000(config: Any) -> None:
  """Table 5, 35,000 unlabelled images."""
  config.small_sample.unlabelled = 35_000


def _ablation(
    table: int, title: str, key: str, value: Any, note: str = '.'
) -> Callable[[Any], None]:
  """A row of tables 3 and 4: one setting is another than the method's."""

  def variant(config: Any) -> None:
    config.update_from_flattened_dict({key: value})
    _call(config, title)

  variant.__doc__ = f'Table {table}, row {title}{note}'
  return variant


def latent_classifier(config: Any) -> None:
  """Table 4, row Latent classifier."""
  config.cglo.classifier = 'code'
  config.cglo.classifier_options = {}
  _call(config, 'Latent classifier')


def efficientnet(config: Any) -> None:
  """EfficientNet-Lite0 instead of VGG-16; a package brings its weights."""
  config.cglo.perceptual.name = 'efficientnet_lite0'
  config.cglo.perceptual.path = ''


def pyramid(config: Any) -> None:
  """The Laplacian pyramid of the original GLO instead of VGG-16."""
  config.cglo.perceptual.name = 'pyramid'
  config.cglo.perceptual.path = ''


def authors(config: Any) -> None:
  """Where the authors' program differs from the paper."""
  config.cglo.code_size = 512
  config.cglo.noise_layer = True
  config.cglo.oversample = False
  config.cglo.epochs = 202.0
  config.cglo.double_softmax = True
  config.cglo.forget = True
  config.cglo.perceptual.authors = True
  if config.cglo.classifier == 'image':
    config.cglo.classifier_options.update(slope=1.0, pooled_slope=0.1)
  elif config.cglo.classifier == 'code':
    config.cglo.classifier_options.update(slope=0.2, dropout=0.4)
  if config.cglo.initial == 'hypercube':
    config.cglo.initial = 'listed_hypercube'
  config.synthesis.augment = False
  config.synthesis.per_batch = True
  config.synthesis.one_amount = True
  config.synthesis.itself = True
  if config.data.augment.cutout:
    config.data.augment.cutout = 5
    config.data.augment.cutout_probability = 1.0
    config.data.augment.cutout_mean = True


VARIANTS = {
    'baseline': baseline,
    'cutout': cutout,
    'random_erase': random_erase,
    'autoaugment': autoaugment,
    'autoaugment_cglo': autoaugment_cglo,
    'mixmatch': mixmatch,
    'cosine': cosine,
    'unlabelled_1000': unlabelled_1000,
    'unlabelled_35000': unlabelled_35000,
    'transductive': _ablation(
        3,
        'Transductive',
        'small_sample.transductive',
        True,
        ': test images train the generator, too.',
    ),
    'no_classifier': _ablation(3, 'no classifier', 'cglo.classifier', 'none'),
    'no_noise': _ablation(3, 'no noise', 'cglo.noise', 'none'),
    'lerp': _ablation(3, 'lerp', 'synthesis.interpolation', 'lerp'),
    'latent_classifier': latent_classifier,
    'hypercube': _ablation(4, 'Hypercube init', 'cglo.initial', 'hypercube'),
    'activations': _ablation(
        4,
        'ResNet init',
        'cglo.initial',
        'activations',
        '; needs --config.cglo.activations.path.',
    ),
    'additive_noise': _ablation(4, 'Additive noise', 'cglo.noise', 'add'),
    'cosine_loss': _ablation(
        4,
        'Cosine loss',
        'representation.name',
        'cosine',
        ': of the classifier that cGLO helps.',
    ),
    'efficientnet': efficientnet,
    'pyramid': pyramid,
    'authors': authors,
    'smoke': small_sample_sizes.smoke,
}


def apply(config: Any, spec: str | None, own: defaults.Variants) -> Any:
  """Applies variants, whatever the order in which they are named.

  Args:
    config: changed in place.
    spec: names joined by commas, or None.
    own: the config's variants beside, or in the place of, those of all.

  Returns:
    The config.

  Raises:
    ValueError: an unknown name, or two that contradict each other.
  """
  variants = {**VARIANTS, **own}
  return composing.apply(config, spec, variants, last=_LAST, joined=(_TITLE,))


def start(config: Any) -> None:
  """What all of these configs share: cGLO, and a linear classifier."""
  config.evaluation.protocol = 'small_sample'
  config.small_sample.method = 'cglo'
  config.model.embedding = None
  config.model.head = 'linear'
  config.model.use_bias = True
  config.cglo.perceptual.path = perceptual.NEEDED
  config.train.validate_every_epochs = 0.0
