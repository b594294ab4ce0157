import pathlib

import pytest

from lsl_jax.pipeline.settings import overrides

CONFIG = str(pathlib.Path(__file__).parents[3] / 'configs/imprint_glyphs.py')


def _explain(*arguments):
  return overrides.explain(['main.py', *arguments], ValueError('as it was'))


def test_an_unknown_key_is_told_with_its_neighbours():
  message = _explain(f'--config={CONFIG}', '--config.train.epoch=3')
  assert message.startswith(
      "--config.train.epoch: config.train has no 'epoch'; it has batch_size,"
  )
  assert 'epochs' in message


def test_keys_that_a_variant_brings_are_known():
  assert _explain(f'--config={CONFIG}', '--config.views=3') == 'as it was'
  spec = f'{CONFIG}:smoke'
  assert _explain('--config', spec, '--config.model.options.width=3') == (
      'as it was'
  )


def test_a_key_below_a_value_is_refused():
  assert _explain(f'--config={CONFIG}', '--config.seed.x=3') == (
      '--config.seed.x: config.seed is a value, it has no keys'
  )


def test_an_unknown_variant_is_told_with_all_there_are():
  message = _explain(f'--config={CONFIG}:smoke,fintune')
  assert "unknown variant 'fintune'" in message
  assert 'finetune, generator, joint, lifted' in message


def test_a_missing_file_is_told_with_the_files_beside_it():
  message = _explain(f'--config={CONFIG.replace("glyphs", "glyph")}')
  assert 'no file' in message
  assert 'imprint_cub.py, imprint_cub50.py, imprint_glyphs.py' in message


def test_a_missing_folder_is_told(tmp_path):
  assert _explain(f'--config={tmp_path}/x/y.py').endswith(
      f'nor a folder {tmp_path}/x'
  )


@pytest.mark.parametrize('arguments', [[], ['--workdir=x'], ['--config']])
def test_without_a_config_the_error_is_told_as_it_was(arguments):
  assert _explain(*arguments) == 'as it was'
