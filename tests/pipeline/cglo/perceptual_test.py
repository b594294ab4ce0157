"""Perceptual networks as a config makes them, from files in PyTorch's names."""

import functools
import pathlib
import runpy

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save_file

from lsl_jax import losses, models
from lsl_jax.models import perceptual as networks
from lsl_jax.pipeline.cglo import perceptual

FOLDER = pathlib.Path(__file__).parents[2] / 'models'
NAMED = runpy.run_path(str(FOLDER / 'named_weights.py'))
# Channels of torchvision's `vgg16().features`, 1/32 as wide; pools are zeros.
LAYOUT = (2, 2, 0, 4, 4, 0, 8, 8, 8, 0, 16, 16, 16, 0, 16, 16, 16, 0)
# Places there of conv1_2, ..., conv5_2. The authors' program takes 2, 7 and 12
# of images of 32 pixels; ReLUs that follow in place make 3 and 8 of them.
PAPER, AUTHORS = (2, 7, 12, 19, 26), (3, 8, 12)
# Of EfficientNet-Lite0's sixteen blocks: Tan and Le 2019, table 1.
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)


@pytest.fixture(scope='module')
def vgg_file(tmp_path_factory):
  """A file of a narrow VGG-16, and its tensors."""
  tensors, place, channels = {}, 0, 3
  for width in LAYOUT:
    if width:
      for name, shape in (
          (f'features.{place}.weight', (width, channels, 3, 3)),
          (f'features.{place}.bias', (width,)),
      ):
        tensors[name] = NAMED['tensor'](name, shape)
      channels = width
    place += 2 if width else 1
  path = tmp_path_factory.mktemp('vgg') / 'vgg16.safetensors'
  save_file({**tensors, 'classifier.0.bias': np.zeros(2, np.float32)}, path)
  return path, tensors


@pytest.fixture
def spec(get_config):
  """`spec(name, path, ...)`: settings of the measure."""

  def make(name, path='', **changes):
    spec = get_config('cglo_glyphs').cglo.perceptual
    spec.update({'name': name, 'path': str(path), **changes})
    return spec

  return make


@pytest.fixture
def narrow(monkeypatch):
  """VGG-16 is as narrow as its file."""
  monkeypatch.setattr(models, 'VGG16', functools.partial(models.VGG16, width=2))


@pytest.fixture(scope='module')
def images():
  """Two generated images and two targets, in 0 .. 1."""
  rng = np.random.default_rng(1)
  return rng.uniform(size=(4, 32, 32, 3)).astype(np.float32)


def _features(tensors, x):
  """What each module of `vgg16().features` returns, in float64."""
  outputs = []
  for width in LAYOUT:
    if not width:
      size = x.shape[1] // 2
      x = x.reshape(len(x), size, 2, size, 2, -1).max((2, 4))
      outputs.append(x)
      continue
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 3), axis=(1, 2)
    )
    name = f'features.{len(outputs)}'
    x = np.einsum('bhwcij,ocij->bhwo', windows, tensors[f'{name}.weight'])
    x = x + tensors[f'{name}.bias']
    outputs.append(x)
    x = np.maximum(x, 0)
    outputs.append(x)
  return outputs


@jax.jit
def _measured(measure, images):
  """Maps of generated images and targets, and the distances of the pairs."""
  maps = measure(images)
  half = len(images) // 2
  distances = losses.perceptual(
      [m[:half] for m in maps], [m[half:] for m in maps]
  )
  return maps, distances


def test_vggs_distance_is_the_sum_of_mean_differences_of_the_papers_maps(
    spec, narrow, vgg_file, images
):
  path, tensors = vgg_file
  measure = perceptual.make(spec('vgg16', path))
  maps, distances = _measured(measure, images)
  pixels = (images - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
  outputs = _features(tensors, pixels)
  expected = np.zeros(2)
  for ours, place in zip(maps, PAPER, strict=True):
    theirs = outputs[place]
    np.testing.assert_allclose(ours, theirs, atol=1e-4, err_msg=str(place))
    expected += np.abs(theirs[:2] - theirs[2:]).mean((1, 2, 3))
  np.testing.assert_allclose(distances, expected, rtol=1e-4)


def test_the_authors_distance_has_pixels_too_and_maps_before_the_last_relu(
    spec, narrow, vgg_file, images
):
  path, tensors = vgg_file
  measure = perceptual.make(spec('vgg16', path, authors=True))
  _, distances = _measured(measure, images)
  pixels = 2.0 * images - 1.0
  outputs = _features(tensors, pixels)
  expected = np.zeros(2)
  for theirs in (pixels, *(outputs[place] for place in AUTHORS)):
    expected += np.abs(theirs[:2] - theirs[2:]).mean((1, 2, 3))
  np.testing.assert_allclose(distances, expected, rtol=1e-4)


def test_layers_pixels_and_size_are_those_of_the_config(spec, narrow, vgg_file):
  options = {'layers': ('pool1', 'conv3_3'), 'pixels': True, 'size': 64}
  measure = perceptual.make(spec('vgg16', vgg_file[0], **options))
  maps = jax.eval_shape(measure, jnp.zeros((1, 32, 32, 3)))
  assert [m.shape[1:] for m in maps] == [(32, 32, 3), (32, 32, 2), (16, 16, 8)]


def test_a_file_of_another_width_is_refused(spec, vgg_file):
  with pytest.raises(ValueError, match=r"'features\.0\.\w+' has shape \(2,"):
    perceptual.make(spec('vgg16', vgg_file[0]))


def test_lite0_takes_bytes_less_127_over_128_as_its_weights_expect(spec):
  measure = perceptual.make(spec('efficientnet_lite0', perceptual.NEEDED))
  # What PyTorch was given, as an image that becomes it.
  images = (128 * NAMED['images'](size=70) + 127) / 255
  shapes = []

  @jax.jit
  def second(measure, images):
    maps = measure(images)
    shapes.extend(m.shape[2:] for m in maps)
    return maps[1]

  found = np.asarray(second(measure, images)).mean((1, 2))
  sides, channels = (35, 18, 9, 5, 3), (16, 24, 40, 112, 320)
  assert shapes == [*zip(sides, channels, strict=True)]
  with np.load(FOLDER / 'torch_outputs.npz') as recorded:
    expected = recorded['efficientnet_lite0_imagenet/block3/mean']
  np.testing.assert_allclose(
      found, expected, atol=1e-5 * np.abs(expected).max()
  )


def test_lite0_is_measured_at_the_end_of_each_of_its_five_scales():
  # The first block of a stage with a stride of 2 begins a scale.
  before = [block - 1 for block, stride in enumerate(STRIDES, 1) if stride == 2]
  names = tuple(f'block{block}' for block in (*before, len(STRIDES)))
  assert names == networks.EFFICIENTNET_LAYERS
