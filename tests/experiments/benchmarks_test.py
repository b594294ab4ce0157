import importlib
import json
import pathlib
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.models import layers

_SCRIPTS = pathlib.Path(__file__).parents[2] / 'experiments' / 'benchmarks'
_FORMULATIONS = (
    'nchw',
    'im2col',
    'im2col by quarters',
    '9 shifts',
    '3 rows',
    'winograd 2x2',
    'winograd 4x4',
)


@pytest.fixture
def convolutions(monkeypatch):
  monkeypatch.syspath_prepend(_SCRIPTS)
  return importlib.import_module('convolutions')


def _oracle(x, kernel):
  """Sums in float64, place by place."""
  batch, height, width, _ = x.shape
  padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
  result = np.zeros((batch, height, width, kernel.shape[-1]))
  for b in range(batch):
    for i in range(height):
      for j in range(width):
        window = padded[b, i : i + 3, j : j + 3]
        for o in range(kernel.shape[-1]):
          result[b, i, j, o] = np.sum(window * kernel[..., o])
  return result


@pytest.mark.parametrize(
    'name',
    ['training_step', 'input_pipeline', 'episodic_training', 'recognise'],
)
def test_a_benchmark_runs_quickly_and_leaves_its_numbers(
    name, tmp_path, one_device
):
  outcome = subprocess.run(
      [
          sys.executable,
          str(_SCRIPTS / f'{name}.py'),
          '--quick',
          f'--output={tmp_path}',
      ],
      env=one_device,
      capture_output=True,
      text=True,
      check=False,
  )
  assert outcome.returncode == 0, outcome.stderr
  text = (tmp_path / f'{name}.md').read_text()
  assert text.rstrip() in outcome.stdout
  result = json.loads((tmp_path / f'{name}.json').read_text())
  assert f'{name}.py --quick' in result['machine']['command']


@pytest.mark.parametrize(
    'name',
    [
        'analogies',
        'kmeans',
        'logistic_grid',
        'generation',
        'growth',
        'episodic',
        'implants',
        'small_maps',
    ],
)
def test_a_benchmark_of_features_runs_quickly_and_leaves_its_numbers(
    name, tmp_path, monkeypatch, capsys
):
  monkeypatch.syspath_prepend(_SCRIPTS)
  arguments = [f'{name}.py', '--quick', f'--output={tmp_path}']
  monkeypatch.setattr(sys, 'argv', arguments)
  importlib.import_module(name).main()
  text = (tmp_path / f'{name}.md').read_text()
  assert text.rstrip() in capsys.readouterr().out
  result = json.loads((tmp_path / f'{name}.json').read_text())
  assert f'{name}.py --quick' in result['machine']['command']


def test_the_formulations_tested_are_those_compared(convolutions):
  assert set(convolutions.FORMULATIONS) == {'nhwc', *_FORMULATIONS}


@pytest.mark.parametrize('name', ['nhwc', *_FORMULATIONS])
def test_a_formulation_is_the_convolution_also_of_odd_sizes(
    convolutions, rng, name
):
  x = rng.normal(size=(4, 5, 7, 3)).astype(np.float32)
  kernel = rng.normal(size=(3, 3, 3, 2)).astype(np.float32)
  result = jax.jit(convolutions.FORMULATIONS[name])(x, kernel)
  np.testing.assert_allclose(result, _oracle(x, kernel), atol=1e-4)


@pytest.mark.parametrize('name', _FORMULATIONS)
def test_a_formulation_has_the_gradients_of_the_convolution(
    convolutions, rng, name
):
  x = rng.normal(size=(4, 5, 7, 3)).astype(np.float32)
  kernel = rng.normal(size=(3, 3, 3, 2)).astype(np.float32)

  def gradients(convolution):
    loss = lambda x, kernel: jnp.sum(jnp.sin(convolution(x, kernel)))
    return jax.jit(jax.grad(loss, (0, 1)))(x, kernel)

  for ours, theirs in zip(
      gradients(convolutions.FORMULATIONS[name]),
      gradients(convolutions.nhwc),
      strict=True,
  ):
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_networks_use_a_swapped_convolution_where_it_applies(convolutions):
  x = jnp.ones((1, 4, 4, 2))
  used = []

  def counted(x, kernel):
    used.append(kernel.shape)
    return convolutions.nhwc(x, kernel)

  with convolutions.swapped(counted, channels=2):
    for size, stride in ((3, 1), (3, 2), (1, 1)):
      layer = layers.conv(5, size, stride=stride, name='conv')
      layer.init(jax.random.key(0), x)
    layers.conv(5, 3, name='conv').init(jax.random.key(0), x[..., :1])
  assert used == [(3, 3, 2, 5)]
