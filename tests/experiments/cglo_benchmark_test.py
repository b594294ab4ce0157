"""What cGLO's benchmark tells, and codes that are divided among devices."""

import importlib
import json
import pathlib
import subprocess
import sys
import types

import jax
import numpy as np
import pytest

from lsl_jax.pipeline import runtime

_FOLDER = pathlib.Path(__file__).parents[2] / 'experiments' / 'benchmarks'


@pytest.fixture
def script(monkeypatch):
  monkeypatch.syspath_prepend(_FOLDER)
  return importlib.import_module


def test_the_benchmark_tells_the_share_of_synthesis(script):
  result = {
      'machine': {'cores': '2'},
      'device': 'cpu',
      'sizes': {'batch': 10, 'repeats': 2},
      'lsl_jax': {
          'generator': [0.5, 0.4],
          'classifier': [0.9, 1.0],
          'classifier with synthesis': [1.0, 1.2],
      },
      'temporary memory': {'classifier': 1e6, 'classifier with synthesis': 2e6},
      'many codes': {'1000': {'rows': [0.01], 'all': [0.02]}},
      'PyTorch': {'generator': [0.8], 'many codes': {'1000': [0.03]}},
  }
  text = script('cglo').as_markdown(result)
  assert 'Synthesis takes 10.0 %' in text
  assert '| generator | lsl_jax | 400.0 (450.0) | 25.0 |' in text
  assert '| generator | PyTorch | 800.0 (800.0) | 12.5 |' in text
  assert '| 1,000 | 10.0 | 20.0 | 30.0 |' in text
  assert 'divided among' not in text
  parts = {'1000': {'seconds': [0.02, 0.04], 'bytes': [2e6, 1e6]}}
  text = script('cglo').as_markdown({**result, 'parts': parts})
  assert 'divided among 2 devices' in text
  assert '| 1,000 | 20.0 | 2.00 | 3.00 |' in text


def test_it_runs_quickly_and_every_device_holds_an_equal_part_of_the_codes(
    script, monkeypatch, capsys, tmp_path
):
  cglo, parts, steps = map(script, ('cglo', 'cglo_parts', 'cglo_steps'))
  make = steps.generator_program

  def here(words, env, **_):
    """The process of its own, for devices that there are here."""
    assert '--xla_force_host_platform_device_count=4' in env['XLA_FLAGS']
    capsys.readouterr()
    with monkeypatch.context() as patch:
      # To divide a step has tests of its own, and takes long to compile.
      without = lambda *own: (lambda state: (state, {}), make(*own)[1])
      patch.setattr(steps, 'generator_program', without)
      patch.setattr(runtime, 'start', lambda: None)
      patch.setattr(sys, 'argv', words[1:])
      parts.main()
    return subprocess.CompletedProcess(words, 0, capsys.readouterr().out)

  monkeypatch.setattr(parts, 'subprocess', types.SimpleNamespace(run=here))
  # Without a PyTorch, which has nothing to do with this.
  monkeypatch.setattr(cglo.importlib.util, 'find_spec', lambda name: None)
  options = ['--quick', '--parts=4', f'--output={tmp_path}']
  monkeypatch.setattr(sys, 'argv', ['cglo.py', *options])
  with jax.default_prng_impl('unsafe_rbg'):  # less to compile
    cglo.main()
  text = (tmp_path / 'cglo.md').read_text()
  assert text.rstrip() in capsys.readouterr().out
  result = json.loads((tmp_path / 'cglo.json').read_text())
  assert 'cglo.py --quick' in result['machine']['command']
  assert all(result['temporary memory'].values())
  found = result['parts']['16']
  # Values and both means of 128 numbers, and two counts, of 16 / 4 codes.
  assert found['bytes'] == [4 * 4 * (3 * 128 + 2)] * 4
  assert len(found['seconds']) == steps.QUICK.repeats


def test_more_parts_than_devices_are_refused(script):
  parts, steps = script('cglo_parts'), script('cglo_steps')
  with pytest.raises(ValueError, match='as many devices, not 8'):
    parts.measure(steps.QUICK, 16)
  with pytest.raises(ValueError, match='parts=3 must divide batch=4'):
    parts.measure(steps.QUICK, 3)


def test_new_images_are_cropped_flipped_and_normalised_for_the_classifier(
    script,
):
  images = np.zeros((20, 8, 8, 3), np.float32)
  images[:, :, :4] = 1
  views = np.asarray(
      jax.jit(script('cglo_classifier').present)(
          jax.random.key(0, impl='unsafe_rbg'), images
      )
  )
  # As configs/cglo_cifar100.py normalises, and pads with black.
  values = np.unique(views[..., 0].round(4))
  np.testing.assert_allclose(values, [-0.507 / 0.267, 0.493 / 0.267], atol=1e-4)
  assert len({view.tobytes() for view in views}) > 10
