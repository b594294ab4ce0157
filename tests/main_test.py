"""The real command line: mistakes end in a line, not in a traceback."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
GLYPHS = '--config=configs/imprint_glyphs.py:smoke'


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        ([], 'needs --config=configs/NAME.py and --workdir=FOLDER'),
        ([f'{GLYPHS},smal', '--workdir={}'], 'valid ones, which commas may'),
        (
            [GLYPHS, '--workdir={}', '--config.seeds=1'],
            "config has no 'seeds'; it has cglo, data, episodes,",
        ),
        (
            ['--config=configs/imprint_glyph.py', '--workdir={}'],
            'configs has cglo_cifar100.py, cglo_cub.py',
        ),
        ([GLYPHS, '--wrkdir={}'], 'Did you mean: workdir'),
        (
            [GLYPHS, '--workdir={}', "--config.learners=('imprnt',)"],
            "unknown learner 'imprnt'; valid ones: am3, dynamic,",
        ),
        (
            ['--config=configs/imprint_cub.py', '--workdir={}'],
            'set --config.model.pretrained to a torchvision or timm file',
        ),
    ],
)
def test_a_mistake_is_told_in_a_line(tmp_path, arguments, expected):
  ended = subprocess.run(
      [
          *(sys.executable, '-m', 'lsl_jax.main'),
          *(argument.format(tmp_path / 'run') for argument in arguments),
      ],
      cwd=ROOT,
      env=os.environ,
      capture_output=True,
      text=True,
      check=False,
  )
  assert ended.returncode == 1
  message = ended.stderr.strip().splitlines()
  assert len(message) == 1, ended.stderr
  assert message[0].startswith('lsl_jax: ')
  assert expected in message[0]
  assert not ended.stdout
  assert not (tmp_path / 'run').exists()
