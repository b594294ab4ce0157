"""Each row of cGLO's tables sets what the paper or its program has, no more."""

from flax import traverse_util
import pytest

from lsl_jax.models import perceptual
from lsl_jax.pipeline.variants import small_samples

# Of sections 3 and 4 of the paper and, where it gives none, of its program.
CGLO = {
    'small_sample.method': 'cglo',
    'small_sample.seeds': 3,
    'small_sample.unlabelled': 0,
    'small_sample.transductive': False,
    'cglo.code_size': 128,
    'cglo.initial': 'sphere',
    'cglo.generator.name': 'convolutional',
    'cglo.classifier': 'image',
    'cglo.noise': 'concatenate',
    'cglo.noise_size': 100,
    'cglo.noise_std': 0.15,
    'cglo.noise_layer': False,
    'cglo.gamma': 0.5,
    'cglo.double_softmax': False,
    'cglo.perceptual.name': 'vgg16',
    'cglo.perceptual.layers': (),
    'cglo.perceptual.weights': (),
    'cglo.epochs': 200.0,
    'cglo.oversample': True,
    'cglo.code_rate': 1e-3,
    'cglo.b1': 0.5,
    'cglo.b2': 0.999,
    'cglo.generator_optimizer.name': 'adam',
    'cglo.generator_optimizer.learning_rate': 7e-4,
    'cglo.classifier_optimizer.name': 'sgd',
    'cglo.classifier_optimizer.learning_rate': 0.1,
    'cglo.classifier_optimizer.weight_decay': 1e-4,
    'cglo.schedule.rate': 0.5,
    'cglo.schedule.every': 70,
    'synthesis.probability': 0.5,
    'synthesis.interpolation': 'slerp',
    'synthesis.amounts': (0.1, 0.2, 0.3, 0.4),
    'synthesis.augment': True,
    'synthesis.per_batch': False,
    'synthesis.one_amount': False,
    'synthesis.itself': False,
    'mixmatch.views': 2,
    'mixmatch.temperature': 0.5,
    'mixmatch.alpha': 0.75,
    'mixmatch.unlabelled_weight': 75.0,
    'mixmatch.average': 0.999,
    'train.epochs': 200.0,
    'train.iterations': 0,
    'train.optimizer.name': 'sgd',
    'train.optimizer.momentum': 0.9,
    'train.optimizer.nesterov': True,
    'data.augment.flip': True,
    'data.augment.crop': 'random',
}
DATA_SETS = {
    'cglo_cifar100': {
        'small_sample.whole': 500,
        'data.size': 32,
        'data.augment.padding': 4,
        'data.normalisation': 'cifar100',
        'model.backbone': 'wide_resnet',
        'model.options.depth': 28,
        'model.options.width': 10,
        'model.options.dropout': 0.3,
        'train.batch_size': 128,
        'train.optimizer.learning_rate': 0.1,
        'train.optimizer.weight_decay': 5e-4,
        'train.optimizer.schedule.boundaries': (60.0, 120.0, 160.0),
        'train.optimizer.schedule.factor': 0.2,
        'cglo.batch_size': 128,
    },
    'cglo_cub': {
        'small_sample.whole': 30,
        'data.resize': 256,
        'data.size': 224,
        'data.keep_aspect': True,
        'data.normalisation': 'imagenet',
        'model.backbone': 'resnet50',
        'train.batch_size': 16,
        'train.optimizer.learning_rate': 1e-3,
        'train.optimizer.weight_decay': 1e-5,
        'train.optimizer.schedule.rate': 0.9,
        'train.optimizer.schedule.every': 2,
        'cglo.batch_size': 16,
    },
}
PLAIN = {'small_sample.method': 'plain'}
# What a recipe of its own drops of CIFAR-100's.
NO_STEPS = {
    f'train.optimizer.{name}': None
    for name in (
        *('nesterov', 'weight_decay'),
        *('schedule.boundaries', 'schedule.factor'),
    )
}
AUTHORS = {
    'cglo.code_size': 512,
    'cglo.noise_layer': True,
    'cglo.oversample': False,
    'cglo.epochs': 202.0,
    'cglo.double_softmax': True,
    'cglo.forget': True,
    'cglo.perceptual.authors': True,
    'cglo.classifier_options.slope': 1.0,
    'cglo.classifier_options.pooled_slope': 0.1,
    'synthesis.augment': False,
    'synthesis.per_batch': True,
    'synthesis.one_amount': True,
    'synthesis.itself': True,
}
# All that a row changes, but for its title; None where nothing is left.
ROWS = {
    'baseline': PLAIN,
    'cutout': {
        **PLAIN,
        'data.augment.cutout': 8,
        'data.augment.cutout_probability': 0.5,
    },
    'random_erase': {**PLAIN, 'data.augment.erase': 0.5},
    'autoaugment': {**PLAIN, 'data.augment.policy': 'cifar10'},
    'autoaugment_cglo': {'data.augment.policy': 'cifar10'},
    'mixmatch': {
        **NO_STEPS,
        'small_sample.method': 'mixmatch',
        'train.batch_size': 64,
        'train.iterations': 102_400,
        'train.optimizer.name': 'adam',
        'train.optimizer.learning_rate': 2e-3,
        'train.optimizer.momentum': None,
        'train.optimizer.schedule.name': 'constant',
    },
    'cosine': {
        **PLAIN,
        **NO_STEPS,
        'representation.name': 'cosine',
        'train.epochs': 372.0,
        'train.optimizer.learning_rate': 0.05,
        'train.optimizer.clip_norm': 10.0,
        'train.optimizer.schedule.name': 'restarts',
        'train.optimizer.schedule.cycle': 12.0,
    },
    'unlabelled_1000': {'small_sample.unlabelled': 1000},
    'unlabelled_35000': {'small_sample.unlabelled': 35_000},
    'transductive': {'small_sample.transductive': True},
    'no_classifier': {'cglo.classifier': 'none'},
    'no_noise': {'cglo.noise': 'none'},
    'lerp': {'synthesis.interpolation': 'lerp'},
    'latent_classifier': {'cglo.classifier': 'code'},
    'hypercube': {'cglo.initial': 'hypercube'},
    'activations': {'cglo.initial': 'activations'},
    'additive_noise': {'cglo.noise': 'add'},
    'cosine_loss': {'representation.name': 'cosine'},
    'efficientnet': {
        'cglo.perceptual.name': 'efficientnet_lite0',
        'cglo.perceptual.path': '',
    },
    'pyramid': {'cglo.perceptual.name': 'pyramid', 'cglo.perceptual.path': ''},
    'authors': {**AUTHORS, 'cglo.generator.name': 'dense'},
}
BIRDS = {
    'authors': {
        **AUTHORS,
        'cglo.noise': 'none',
        'cglo.size': 256,
        'cglo.generator.options.width': 128,
        'cglo.generator.options.momentum': 0.999,
        'cglo.batch_size': 32,
        'data.augment.crop': 'resized',
        'data.augment.area': (0.875, 1.0),
    },
}


def _flat(config):
  return traverse_util.flatten_dict(config.to_dict(), sep='.')


@pytest.mark.parametrize('name', DATA_SETS)
def test_without_a_variant_it_is_the_papers_method(get_config, name):
  found = _flat(get_config(name))
  expected = {**CGLO, **DATA_SETS[name]}
  assert {key: found[key] for key in expected} == expected
  layers = ('conv1_2', 'conv2_2', 'conv3_2', 'conv4_2', 'conv5_2')
  assert layers == perceptual.PAPER_LAYERS  # what () stands for


def _assert_changes(get_config, name, variant, expected):
  before, after = _flat(get_config(name)), _flat(
      get_config(f'{name}:{variant}')
  )
  changes = {
      key: after.get(key)
      for key in {*before, *after} - {'small_sample.title'}
      if before.get(key) != after.get(key)
  }
  assert changes == expected


def test_a_row_changes_what_the_table_says_and_nothing_else(get_config):
  assert {*ROWS, 'smoke'} == {*small_samples.VARIANTS}
  for variant, expected in ROWS.items():
    _assert_changes(get_config, 'cglo_cifar100', variant, expected)
  for count in (10, 25, 50, 100):
    config = get_config(f'cglo_cifar100:{count}')
    assert config.small_sample.shots == count


def test_birds_have_recipes_of_their_own(get_config):
  for variant, expected in BIRDS.items():
    _assert_changes(get_config, 'cglo_cub', variant, expected)
  assert get_config('cglo_cub:mixmatch').train.batch_size == 32
  assert get_config('cglo_cub:mixmatch').train.iterations == 102_400
  cosine = get_config('cglo_cub:cosine')
  assert cosine.model.pretrained == ''
  assert cosine.train.optimizer.learning_rate == 0.5
  # The noise of a row is not taken away with that of the paper.
  assert get_config('cglo_cub:additive_noise,authors').cglo.noise == 'add'
