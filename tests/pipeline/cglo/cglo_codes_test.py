"""Codes that start at what a trained network sees in the images."""

import pathlib
import runpy

import jax
import numpy as np
import pytest

from lsl_jax.pipeline.cglo import cglo_codes

FOLDER = pathlib.Path(__file__).parents[2] / 'models'
NAMED = runpy.run_path(str(FOLDER / 'named_weights.py'))


@pytest.fixture(scope='module')
def config(get_config):
  """Of a ResNet-10 so narrow that it has eight features."""
  config = get_config('cglo_glyphs:activations,smoke')
  config.cglo.initial = 'activations'
  config.cglo.code_size = 5
  config.cglo.activations = {
      'backbone': 'resnet10',
      'options': {'width': 1},
      'path': str(FOLDER / 'resnet10_width1.pth'),
  }
  return config


@pytest.fixture(scope='module')
def codes(config):
  """Of two images that PyTorch was given, too, and of the first one again."""
  cglo_codes.check(config.cglo.activations)
  mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
  images = (255 * (NAMED['images']() * std + mean)).astype(np.float32)
  return cglo_codes.initial(
      config,
      jax.random.key(0),
      images[[0, 1, 0]],
      np.array([0, 1, -1], np.int32),
      num_classes=2,
  )


def test_codes_are_the_directions_of_the_activations_that_pytorch_gives(codes):
  with np.load(FOLDER / 'torch_outputs.npz') as recorded:
    features = recorded['resnet10_width1/map/mean'].astype(np.float64)
  expected = features / np.sqrt((features**2).sum(-1, keepdims=True))
  assert codes.shape == (3, 8)  # whatever the size of other codes
  np.testing.assert_allclose(codes[:2], expected, atol=1e-5)


def test_codes_have_unit_length_and_tell_images_apart(codes):
  codes = np.asarray(codes, np.float64)
  np.testing.assert_allclose((codes**2).sum(-1), 1, atol=1e-6)
  np.testing.assert_array_equal(codes[2], codes[0])
  assert np.sqrt(((codes[0] - codes[1]) ** 2).sum()) > 0.01


def test_a_network_without_a_file_of_weights_is_refused(config):
  config = config.copy_and_resolve_references()
  config.cglo.activations.path = ''
  with pytest.raises(ValueError, match=r"torchvision or timm .* 'resnet10'"):
    cglo_codes.check(config.cglo.activations)
