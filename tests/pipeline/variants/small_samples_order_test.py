"""Variants of cGLO together: in any order, and as long where it is short."""

import types

from flax import traverse_util
import pytest

from lsl_jax.pipeline.studies import small_sample_checks, small_sample_objective
from lsl_jax.pipeline.variants import small_samples

# What the last variants make of what rows have chosen.
TOGETHER = {
    ('hypercube', 'authors'): {'cglo.initial': 'listed_hypercube'},
    ('latent_classifier', 'authors'): {
        'cglo.classifier_options.slope': 0.2,
        'cglo.classifier_options.dropout': 0.4,
        'cglo.classifier_options.pooled_slope': None,
    },
    ('cutout', 'authors'): {
        'data.augment.cutout': 5,
        'data.augment.cutout_probability': 1.0,
        'data.augment.cutout_mean': True,
    },
    ('latent_classifier', 'small'): {
        'cglo.classifier_options.widths': (128, 256),
        'cglo.classifier_options.width': None,
    },
    ('small', 'authors'): {
        'cglo.code_size': 512,
        'cglo.classifier_options.width': 16,
        'cglo.classifier_options.slope': 1.0,
    },
    ('small', 'efficientnet'): {'cglo.perceptual.name': 'efficientnet_lite0'},
    ('small', 'cosine'): {
        'train.epochs': 60.0,
        'train.optimizer.schedule.cycle': 60 / 31,
    },
    ('small', 'mixmatch'): {
        'train.epochs': 60.0,
        'train.iterations': 0,
        'train.optimizer.schedule.name': 'constant',
    },
    ('small', 'lerp'): {'train.optimizer.schedule.name': 'cosine'},
    ('autoaugment_cglo', 'transductive'): {
        'small_sample.title': 'AutoAugment + cGLO, Transductive'
    },
}


@pytest.mark.parametrize('names', TOGETHER, ids=','.join)
def test_variants_look_at_each_other_whatever_their_order(get_config, names):
  for order in (names, names[::-1]):
    config = get_config(f'cglo_cifar100:{",".join(order)}')
    found = traverse_util.flatten_dict(config.to_dict(), sep='.')
    for key, value in TOGETHER[names].items():
      assert found.get(key) == value


@pytest.mark.parametrize('last', ['small', 'authors', 'smoke'])
def test_no_row_depends_on_the_order(get_config, last):
  for variant in {*small_samples.VARIANTS, 'wrn16_4', '25'} - {last}:
    make = lambda *names: get_config(f'cglo_cifar100:{",".join(names)}')
    one, other = make(variant, last), make(last, variant)
    assert one.to_dict() == other.to_dict(), variant


@pytest.mark.parametrize(
    ('names', 'key'),
    [
        ('mixmatch,cosine', 'small_sample.method'),
        ('baseline,mixmatch', 'small_sample.method'),
        ('hypercube,activations', 'cglo.initial'),
        ('no_noise,additive_noise', 'cglo.noise'),
        ('no_classifier,latent_classifier', 'cglo.classifier'),
        ('efficientnet,pyramid', 'cglo.perceptual.name'),
        ('10,25', 'small_sample.shots'),
    ],
)
def test_rows_that_contradict_each_other_are_refused(get_config, names, key):
  for order in (names.split(','), names.split(',')[::-1]):
    with pytest.raises(ValueError, match=f'contradict each other.*{key},'):
      get_config(f'cglo_cifar100:{",".join(order)}')


@pytest.mark.parametrize('spec', ['cglo_cifar100:small', 'cglo_glyphs:5'])
def test_where_training_is_short_it_is_as_short_for_every_row(get_config, spec):
  length = lambda config: (
      config.train.iterations,
      config.train.epochs,
      config.train.batch_size,
  )
  expected = length(get_config(spec))
  for variant in {*small_samples.VARIANTS} - {'smoke'}:
    assert length(get_config(f'{spec},{variant}')) == expected, variant


@pytest.mark.parametrize(
    ('spec', 'steps'),
    [
        ('cglo_cifar100:mixmatch,25', 102_400),
        ('cglo_cub:mixmatch,5', 102_400),
        # 60 epochs, in which each of ten images is seen five times.
        ('cglo_cifar100:mixmatch,10,small', round(60 * 100 * 10 * 5 / 64)),
    ],
)
def test_mixmatchs_weight_rises_over_all_of_its_steps(
    get_config, monkeypatch, spec, steps
):
  seen = {}
  monkeypatch.setattr(
      small_sample_objective.representations,
      'mixmatch',
      lambda network, **options: seen.update(options),
  )
  problem = types.SimpleNamespace(num_classes=100)
  small_sample_objective.make(get_config(spec), problem)
  assert seen['ramp_steps'] == steps


def test_narrow_latent_classifiers_can_be_made(get_config):
  for names in ('latent_classifier,small', 'authors,small,latent_classifier'):
    small_sample_checks.check(get_config(f'cglo_cifar100:{names}'))
