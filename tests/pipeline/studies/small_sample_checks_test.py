"""Numbers and networks that cannot run are refused at the start, by name."""

import pytest

from lsl_jax.pipeline.studies import small_sample_checks

FILE = {'cglo.perceptual.path': 'vgg16.pth'}


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            {'small_sample.unlabelled': -3},
            r'small_sample\.unlabelled must be at least 0, not -3',
        ),
        (
            {'small_sample.whole': -1},
            r'small_sample\.whole must be at least 0, not -1',
        ),
        (
            {'data.resize': 40, 'cglo.size': 36},
            r'cglo\.size=36.*4, 5, 6 or 7 times a power of two',
        ),
        (
            {'cglo.size': 20},
            r'cglo\.size=20.*at least what .* sees, data\.size=32',
        ),
        ({'cglo.size': 36}, r'cglo\.size=36.*at most data\.resize=32'),
        (
            {'cglo.perceptual.levels': 9},
            r'cglo\.perceptual\.levels=9: .* 32 x 32 have from 1 to 6',
        ),
        (
            {'cglo.perceptual.weights': (1.0, 2.0)},
            r'weights=\(1\.0, 2\.0\) are 2, but pyramid makes 4 maps',
        ),
        (
            {
                'cglo.perceptual.name': 'vgg16',
                'cglo.perceptual.layers': ('conv9',),
                **FILE,
            },
            r"layers=\('conv9',\): VGG16 has no layer 'conv9'; it has .*conv1",
        ),
        (
            {'synthesis.probability': 1.5},
            r'synthesis\.probability must be from 0 to 1, not 1\.5',
        ),
        (
            {'synthesis.amounts': (0.1, 2.0)},
            r'synthesis\.amounts must be from 0 to 1, not \(0\.1, 2\.0\)',
        ),
        ({'synthesis.amounts': ()}, r'synthesis\.amounts is empty'),
        ({'cglo.gamma': float('nan')}, r'cglo\.gamma must be at least 0'),
        ({'cglo.parts': 0}, r'cglo\.parts must be at least 1, not 0'),
        ({'cglo.epochs': 0.0}, r'cglo\.epochs must be above 0, not 0\.0'),
        ({'cglo.code_size': 1}, r'cglo\.code_size must be at least 2, not 1'),
        (
            {'cglo.classifier_options': {'widht': 8}},
            r'cglo\.classifier=image, cglo\.classifier_options=.*widht',
        ),
        (
            {'small_sample.method': 'mixmatch', 'executor': 'pmap'},
            r"executor='pmap'.*'mixmatch'.*needs 'jit'",
        ),
        (
            {'small_sample.method': 'mixmatch', 'mixmatch.alpha': 0.0},
            r'mixmatch\.alpha must be above 0, not 0\.0',
        ),
    ],
)
def test_a_setting_that_cannot_work_is_named_with_what_is_accepted(
    get_config, changes, message
):
  config = get_config('cglo_glyphs')
  config.update_from_flattened_dict(changes)
  with pytest.raises(ValueError, match=message):
    small_sample_checks.check(config)


@pytest.mark.parametrize(
    'changes',
    [
        {'data.resize': 40, 'cglo.size': 40},
        {'cglo.perceptual.levels': 6},
        {'cglo.perceptual.weights': (1.0, 2.0, 3.0, 4.0)},
        {'small_sample.unlabelled': 5, 'small_sample.transductive': True},
        {'executor': 'pmap', 'synthesis.probability': 0.0},
        {
            'cglo.perceptual.name': 'vgg16',
            'cglo.perceptual.authors': True,
            'cglo.perceptual.weights': (1.0,) * 4,
            **FILE,
        },
        {'small_sample.method': 'mixmatch'},
    ],
)
def test_what_can_run_is_accepted(get_config, changes):
  config = get_config('cglo_glyphs')
  config.update_from_flattened_dict(changes)
  small_sample_checks.check(config)
