"""Variants of shrinking and hallucinating: what each sets, alone and small."""

import pytest

from lsl_jax.pipeline.studies import config_checks
from lsl_jax.pipeline.variants import shrinking

CONFIGS = ('glyphs', 'cifar100', 'miniimagenet', 'imagenet')
PENALTIES = ('sgm', 'batch_sgm', 'l1', 'l2', 'decov')


@pytest.mark.parametrize('name', CONFIGS)
def test_every_variant_applies_alone_and_small(get_config, name):
  for variant in shrinking.VARIANTS:
    config = get_config(f'sgm_{name}:{variant}')
    if variant == 'triplet':  # see below
      config.representation.start = 'runs/softmax'
    config_checks.check(config)
    small = get_config(f'sgm_{name}:{variant},smoke')
    config_checks.check(small)
    assert small.data.name == 'glyphs'
    assert small.model.backbone == 'conv4'


@pytest.mark.parametrize(
    ('variant', 'expected'),
    [
        *(
            (name, {'representation.name': f'softmax_{name}'})
            for name in PENALTIES
        ),
        ('dropout', {'representation.name': 'softmax', 'model.dropout': 0.5}),
        (
            'multiverse',
            {'representation.name': 'multiverse', 'model.head': 'multiverse'},
        ),
        (
            'triplet',
            {
                'representation.name': 'triplet',
                'train.sampling': 'pairs',
                'train.epochs': 55.0,
                'train.optimizer.learning_rate': 0.001,
            },
        ),
        ('augmentation', {'learners': ('logistic_aug',)}),
        ('regression', {'learners': ('model_regression',)}),
        ('matching', {'learners': ('matching_network',)}),
        ('finetune', {'learners': ('random_finetune',)}),
        ('simple', {'learners': ('nearest_mean', 'nearest', 'imprint')}),
        (
            'authors',
            {
                'hallucination.clustering': 'authors',
                'hallucination.logistic.balance': 'authors',
                'model.spare_rows': 611,
            },
        ),
        ('converged', {'hallucination.logistic.solver': 'full'}),
        ('untuned', {'hallucination.tuning.enabled': False}),
        ('small', {'hallucination.centroids': 30}),
    ],
)
def test_a_variant_sets_what_it_is_about(get_config, variant, expected):
  config = get_config(f'sgm_imagenet:{variant}')
  assert {key: _value(config, key) for key in expected} == expected


def test_weights_are_those_of_the_authors_where_they_gave_one(get_config):
  weight = lambda name: get_config(f'sgm_imagenet:{name}').representation.weight
  assert weight('sgm') == 0.02
  assert weight('batch_sgm') == 5.0
  # Theirs penalises half of the square, by 0.03.
  assert weight('l2') == 0.03 / 2


@pytest.mark.parametrize('name', ['cifar100', 'miniimagenet', 'glyphs'])
def test_small_configs_take_the_weights_of_their_narrow_network(
    get_config, name
):
  config = lambda variant: get_config(f'sgm_{name}:{variant}')
  weights = {x: config(x).representation.weight for x in ('sgm', *PENALTIES)}
  assert weights == {
      **weights,
      'sgm': 0.005,
      'batch_sgm': 0.3,
      'l1': 0.00125,
      'l2': 0.004,
  }
  assert config('dropout').model.dropout == 0.2
  # What else the authors change for SGM is left alone.
  assert config('sgm').hallucination.generator.learning_rate == 1.0
  assert config('sgm').hallucination.generator.per_class == 5


def test_triplets_want_to_know_the_softmax_run_that_they_go_on_from(get_config):
  config = get_config('sgm_cifar100:triplet')
  with pytest.raises(ValueError, match=r'--config\.representation\.start'):
    config_checks.check(config)
  for start in ('', 'runs/softmax'):
    config.representation.start = start
    config_checks.check(config)


def test_every_penalty_is_a_variant_and_every_variant_is_described():
  assert {*PENALTIES} <= {*shrinking.VARIANTS}
  for variant in shrinking.VARIANTS.values():
    assert variant.__doc__


@pytest.mark.parametrize(
    'variant', sorted({*shrinking.VARIANTS} - {'small', 'smoke'})
)
def test_resnet50_may_be_named_before_or_after_another_variant(
    get_config, variant
):
  before = get_config(f'sgm_imagenet:resnet50,{variant}')
  after = get_config(f'sgm_imagenet:{variant},resnet50')
  assert before.to_dict() == after.to_dict()


def _value(config, dotted):
  for part in dotted.split('.'):
    config = config[part]
  return config
