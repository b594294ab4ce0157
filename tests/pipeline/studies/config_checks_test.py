"""What is wrong with a config is found before anything is loaded or written."""

import re

import pytest

from lsl_jax.pipeline import run
from lsl_jax.pipeline.studies import config_checks
from lsl_jax.pipeline.variants import imprinting


def _set(config, dotted, value):
  *path, name = dotted.split('.')
  for part in path:
    config = config[part]
  config[name] = value


@pytest.mark.parametrize(
    ('key', 'value', 'expected'),
    [
        ('learners', ('imprnt',), "learner 'imprnt'; valid ones: ...imprint"),
        ('learners', (), 'learners names none; valid ones: ...imprint'),
        ('executor', 'pjit', "executor 'pjit'; valid ones: jit, pmap"),
        (
            'model.backbone',
            'conv5',
            "model.backbone 'conv5'; valid ones: ..., conv4",
        ),
        ('model.head', 'dot', "head 'dot'; valid ones: cosine, linear"),
        ('model.dtype', 'int8', "dtype 'int8'; valid ones: float32, bfloat16"),
        ('model.options.widht', 3, "backbone 'conv4':"),
        (
            'representation.name',
            'nca',
            "name 'nca'; valid ones: ..., proxy_nca",
        ),
        ('data.normalisation', 'no', 'ones: cifar100, efficientnet_lite, ima'),
        ('data.augment.crop', 'left', "unknown crop 'left'"),
        (
            'evaluation.protocol',
            'all',
            'valid ones: ..., generalized, own_images',
        ),
        ('evaluation.classes', 'base', 'valid ones: novel, validation'),
        ('evaluation.shots', (5, 1), 'shots must be positive and increasing'),
        ('evaluation.shots', (), 'shots must be positive and increasing'),
        ('evaluation.top', (0,), 'top must hold numbers of guesses from 1'),
        ('evaluation.draws', 0, 'evaluation.draws must be at least 1, not 0'),
        ('train.sampling', 'all', "train.sampling 'all'; valid ones: balanced"),
        ('train.select', 'first', "train.select 'first'; valid ones: best"),
        ('finetune.optimizer.name', 'sgdm', 'finetune.optimizer: Unknown'),
        ('joint.optimizer.schedule.name', 'cos', 'joint.optimizer: Unknown'),
    ],
)
def test_a_name_that_is_none_is_told_with_those_that_are(
    get_config, tmp_path, key, value, expected
):
  config = get_config('imprint_glyphs:smoke')
  with config.unlocked():
    _set(config, key, value)
  with pytest.raises(
      ValueError, match=re.escape(expected).replace(r'\.\.\.', '.*')
  ):
    run.run(config, str(tmp_path / 'run'))
  assert not (tmp_path / 'run').exists()


def test_a_warm_up_longer_than_training_is_refused(get_config):
  config = get_config('imprint_glyphs:smoke')
  config.train.epochs = 3.0
  config.train.optimizer.schedule = {'name': 'cosine', 'warm_up': 2.5}
  config_checks.check(config)
  config.train.optimizer.schedule.warm_up = 3.5
  with pytest.raises(ValueError, match=r'train\.optimizer: .* warm-up'):
    config_checks.check(config)


def test_a_config_that_needs_weights_says_where_to_get_them(get_config):
  config = get_config('imprint_cub')
  assert config.model.pretrained == imprinting.NEEDED
  with pytest.raises(
      ValueError,
      match=r'--config.model.pretrained .*\.pth .* variant "scratch"',
  ):
    config_checks.check(config)
  config_checks.check(get_config('imprint_cub:scratch'))


@pytest.mark.parametrize(
    ('key', 'value', 'error'),
    [
        ('data.name', 'glyph', "unknown data set 'glyph'; did you mean 'gly"),
        ('data.name', 'npz', "'npz' needs a path"),
        ('data.split', 'cup', "unknown class split 'cup'"),
        ('data.split', {'base': 300}, 'novel classes'),
        ('evaluation.shots', (1, 999), 'ARMENIAN .* needed are 999'),
    ],
)
def test_data_that_do_not_fit_leave_the_workdir_free(
    get_config, tmp_path, key, value, error
):
  config = get_config('imprint_glyphs:smoke')
  with config.data.ignore_type():
    _set(config, key, value)
  with pytest.raises(ValueError, match=error):
    run.run(config, str(tmp_path))
  assert [path.name for path in tmp_path.iterdir()] == ['.lock']
