"""One interface for three measures of how alike images look."""

import functools

from flax import linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses, models, ops
from lsl_jax.models import perceptual, perceptual_authors


@pytest.fixture(scope='module')
def vgg():
  backbone = models.VGG16(width=2)
  images = jnp.zeros((1, 32, 32, 3))
  rng = np.random.default_rng(0)
  shapes = jax.eval_shape(
      lambda key: jax.jit(backbone.init, static_argnames='train')(
          key, images, train=False
      ),
      jax.random.key(0),
  )
  # Without the time of compiling an init.
  variables = jax.tree.map(
      lambda leaf: jnp.asarray(0.3 * rng.normal(size=leaf.shape), jnp.float32),
      shapes,
  )
  return backbone, variables


@pytest.fixture(scope='module')
def images():
  return jax.random.uniform(jax.random.key(1), (2, 32, 32, 3))


def test_vgg_gives_the_papers_layers_of_imagenet_images(vgg, images):
  backbone, variables = vgg
  maps = perceptual.vgg16(backbone, variables)(images)
  mean, std = (jnp.array(x).reshape(1, 1, 1, 3) for x in perceptual.IMAGENET)
  outputs = backbone.apply(variables, (images - mean) / std, train=False)
  names = ('conv1_2', 'conv2_2', 'conv3_2', 'conv4_2', 'conv5_2')
  assert len(maps) == len(names)
  for ours, name in zip(maps, names, strict=True):
    np.testing.assert_allclose(ours, outputs[name], atol=1e-5)
  assert [m.shape[1] for m in maps] == [32, 16, 8, 4, 2]


class _Named(nn.Module):
  """What VGG-16 names, each a multiple of the images of its own."""

  @nn.compact
  def __call__(self, images, *, train):
    del train
    names = [
        f'{kind}{stage}_{number}'
        for stage, count in enumerate((2, 2, 3, 3, 3), start=1)
        for number in range(1, count + 1)
        for kind in ('conv', 'relu')
    ]
    names.append('pool5')
    return {name: (i + 2) * images for i, name in enumerate(names)}


@pytest.mark.parametrize(
    ('side', 'scales'),
    [
        (16, {1: ('relu1_2', 'conv2_2')}),
        (32, {1: ('relu1_2', 'relu2_2', 'conv3_2')}),
        (64, {1: ('relu1_2', 'relu2_2', 'relu3_2', 'conv4_3')}),
        (
            128,
            {
                1: ('relu1_2', 'relu2_2', 'relu3_2', 'relu4_3', 'pool5'),
                4: ('relu1_2', 'relu2_2', 'relu3_2', 'conv4_3'),
            },
        ),
    ],
)
def test_the_authors_take_more_levels_and_scales_of_larger_images(side, scales):
  images = jax.random.uniform(jax.random.key(1), (1, side, side, 3))
  maps = perceptual_authors.vgg16(_Named(), {})(images)
  expected = []
  for scale, names in scales.items():
    shape = (1, side // scale, scale, side // scale, scale, 3)
    small = 2 * images.reshape(shape).mean((2, 4)) - 1
    outputs = _Named().apply({}, small, train=False)
    expected += [small, *(outputs[name] for name in names)]
  assert len(maps) == len(expected)
  for ours, theirs in zip(maps, expected, strict=True):
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_authors_maps_are_those_of_vgg(vgg, images):
  backbone, variables = vgg
  maps = perceptual_authors.vgg16(backbone, variables)(images)
  outputs = backbone.apply(variables, 2 * images - 1, train=False)
  names = ('relu1_2', 'relu2_2', 'conv3_2')  # as many as 32 pixels have
  for ours, name in zip(maps[1:], names, strict=True):
    np.testing.assert_allclose(ours, outputs[name], atol=1e-5)
  large = jax.ShapeDtypeStruct((1, 128, 128, 3), jnp.float32)
  shapes = jax.eval_shape(perceptual_authors.vgg16(backbone, variables), large)
  sides = [128, 128, 64, 32, 16, 4, 32, 32, 16, 8, 4]
  assert [shape.shape[1] for shape in shapes] == sides


def test_images_are_resized_before_the_network(vgg, images):
  maps = jax.eval_shape(perceptual.vgg16(*vgg, size=64), images)
  assert maps[0].shape[1:3] == (64, 64)


def test_the_pyramid_is_the_loss_of_the_original_glo(images):
  other = jax.random.uniform(jax.random.key(2), images.shape)
  measure = jax.jit(perceptual.pyramid(3))
  got = losses.perceptual(measure(images), measure(other))
  pyramid = jax.jit(functools.partial(ops.laplacian_pyramid, levels=3))
  pyramids = [pyramid(x) for x in (images, other)]
  expected = np.zeros(2)
  for j, (a, b) in enumerate(zip(*pyramids, strict=True)):
    norm = np.abs(np.asarray(a - b, np.float64)).sum((1, 2, 3))
    expected += 2 ** (2 * j) * norm
  np.testing.assert_allclose(got, expected / images[0].size, rtol=1e-5)


def test_weights_are_arguments_of_a_program_that_is_compiled_once(vgg, images):
  backbone, variables = vgg
  traces = []

  @jax.jit
  def distance(measure, images):
    traces.append(1)
    return sum(jnp.sum(m) for m in measure(images))

  one = distance(perceptual.vgg16(backbone, variables), images)
  doubled = jax.tree.map(lambda leaf: 2 * leaf, variables)
  assert distance(perceptual.vgg16(backbone, doubled), images) != one
  assert len(traces) == 1
  distance(perceptual.pyramid(2), images)
  distance(perceptual.pyramid(2), images)
  assert len(traces) == 2


def test_layers_that_a_network_lacks_are_refused_by_name(vgg, images):
  with pytest.raises(ValueError, match=r"no layer 'conv9'; it has .*conv1_1"):
    perceptual.vgg16(*vgg, layers=['conv9'])(images)
  with pytest.raises(ValueError, match='needs the names'):
    perceptual.vgg16(*vgg, layers=[])
