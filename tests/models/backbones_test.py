"""What every backbone must do: shapes, sizes, statistics, half precision."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.models import network, vgg

# Name: parameters without the classifier, features, reduction of the image.
BACKBONES = {
    'conv4': (112_832, 64, 16),
    'c128f': (260_544, 128, 16),
    'resnet10': (4_905_792, 512, 32),
    'resnet12': (7_996_800, 512, 16),
    'resnet18': (11_176_512, 512, 32),
    'resnet34': (21_284_672, 512, 32),
    'resnet50': (23_508_032, 2048, 32),
    # Biases of the 3x3 convolutions more, norms of four shortcuts less.
    'resnet50_low_shot': (23_508_032 + 3776 - 7680, 2048, 32),
    'inception_v1': (5_599_904, 1024, 32),
    'vgg16': (14_714_688, 512, 32),
    'efficientnet_lite0': (3_371_008, 1280, 32),
    'wide_resnet': (36_472_784, 640, 4),
}
NORMALISED = ('conv4', 'resnet10')


def shapes(backbone, size=64):
  images = jax.ShapeDtypeStruct((2, size, size, 3), jnp.float32)
  variables = jax.eval_shape(
      functools.partial(backbone.init, train=False), jax.random.key(0), images
  )
  outputs = jax.eval_shape(
      functools.partial(backbone.apply, train=False), variables, images
  )
  return variables, outputs


IMAGES = np.random.default_rng(1).normal(1, 1, (8, 32, 32, 3)).astype('f')


def narrow(name, **options):
  return network.build_backbone(name, width=4, **options)


@functools.cache
def narrow_variables(name):
  """Variables of a narrow backbone, without the time of compiling its init."""
  rng = np.random.default_rng(0)

  def fill(leaf):
    if len(leaf.shape) == 1:
      return rng.uniform(0.5, 1.5, leaf.shape).astype('f')
    scale = (2 / np.prod(leaf.shape[:-1])) ** 0.5
    return (scale * rng.normal(size=leaf.shape)).astype('f')

  return jax.tree.map(fill, shapes(narrow(name), 32)[0])


@functools.cache
def trained(name):
  """Outputs and new statistics of one call in training mode."""
  return jax.jit(
      functools.partial(narrow(name).apply, train=True, mutable=['batch_stats'])
  )(narrow_variables(name), IMAGES)


@pytest.mark.parametrize('name', network.BACKBONES)
def test_size_and_shapes_are_those_of_the_literature(name):
  parameters, features, reduction = BACKBONES[name]
  variables, outputs = shapes(network.build_backbone(name))
  count = sum(leaf.size for leaf in jax.tree.leaves(variables['params']))
  assert count == parameters
  side = 64 // reduction
  assert outputs['map'].shape == (2, side, side, features)
  assert outputs['pooled'].shape == (2, features)


@pytest.mark.parametrize('name', network.BACKBONES)
def test_bfloat16_computes_with_float32_parameters(name):
  variables, outputs = shapes(network.build_backbone(name, dtype=jnp.bfloat16))
  assert {leaf.dtype for leaf in jax.tree.leaves(variables)} == {
      np.dtype('float32')
  }
  assert outputs['map'].dtype == jnp.bfloat16
  assert outputs['pooled'].dtype == jnp.float32


def test_bfloat16_results_are_near_those_of_float32():
  full, rough = (
      jax.jit(
          functools.partial(narrow('resnet10', dtype=dtype).apply, train=False)
      )(narrow_variables('resnet10'), IMAGES)['pooled']
      for dtype in (jnp.float32, jnp.bfloat16)
  )
  np.testing.assert_allclose(rough, full, rtol=0.1, atol=0.05 * full.max())
  assert not np.array_equal(rough, full)


@pytest.mark.parametrize('name', NORMALISED)
def test_statistics_of_pretended_devices_are_of_the_global_batch(name):
  whole, whole_state = trained(name)

  def statistics_of_halves(axis_name):
    backbone = narrow(name, axis_name=axis_name)
    return jax.pmap(
        lambda x: backbone.apply(
            narrow_variables(name), x, train=True, mutable=['batch_stats']
        ),
        axis_name='data',
        devices=jax.devices()[:2],
    )(IMAGES.reshape(2, 4, 32, 32, 3))

  parts, states = statistics_of_halves('data')
  np.testing.assert_allclose(
      parts['pooled'].reshape(8, -1), whole['pooled'], rtol=1e-3, atol=1e-4
  )
  jax.tree.map(
      lambda part, all_: np.testing.assert_allclose(
          part, np.stack([all_, all_]), rtol=1e-3, atol=1e-5
      ),
      states,
      whole_state,
  )
  if name == 'conv4':
    apart, _ = statistics_of_halves(None)
    difference = apart['pooled'].reshape(8, -1) - whole['pooled']
    assert np.abs(difference).max() > 1e-2


@pytest.mark.parametrize('name', NORMALISED)
def test_evaluation_uses_running_statistics_and_changes_none(name):
  variables = narrow_variables(name)
  evaluate = jax.jit(
      functools.partial(
          narrow(name).apply, train=False, mutable=['batch_stats']
      )
  )
  outputs, state = evaluate(variables, IMAGES)
  jax.tree.map(
      np.testing.assert_array_equal,
      state['batch_stats'],
      variables['batch_stats'],
  )
  # An image's features do not depend on the others of its batch ...
  others = np.concatenate([IMAGES[:2], 5 * IMAGES[2:]])
  np.testing.assert_allclose(
      evaluate(variables, others)[0]['pooled'][:2],
      outputs['pooled'][:2],
      rtol=1e-4,
      atol=1e-6,
  )
  # ... whereas training records every layer's statistics.
  for before, after in zip(
      jax.tree.leaves(variables['batch_stats']),
      jax.tree.leaves(trained(name)[1]['batch_stats']),
      strict=True,
  ):
    assert not np.array_equal(before, after)


def test_conv4_halves_the_map_at_each_block():
  backbone = network.build_backbone('conv4', width=8, depth=3)
  assert shapes(backbone, 84)[1]['map'].shape == (2, 10, 10, 8)


def test_the_small_stem_keeps_maps_of_small_images():
  backbone = network.build_backbone('resnet10', width=4, small_stem=True)
  assert shapes(backbone, 32)[1]['map'].shape == (2, 4, 4, 32)


def test_vgg_names_every_layer_so_that_a_loss_can_choose():
  outputs = shapes(vgg.VGG16(width=2))[1]
  layers = [
      f'{kind}{stage}_{index}'
      for stage, count in ((1, 2), (2, 2), (3, 3), (4, 3), (5, 3))
      for index in range(1, count + 1)
      for kind in ('conv', 'relu')
  ]
  pools = [f'pool{stage}' for stage in range(1, 6)]
  assert outputs.keys() == {'map', 'pooled', *layers, *pools}
  assert outputs['conv1_2'].shape == (2, 64, 64, 2)
  assert outputs['conv5_2'].shape == (2, 4, 4, 16)


@pytest.mark.parametrize(
    ('layer', 'convolutions'), [('conv1_1', 1), ('relu3_1', 5), ('pool5', 13)]
)
def test_under_jit_only_layers_below_the_chosen_one_are_computed(
    layer, convolutions
):
  backbone = vgg.VGG16(width=2)
  images = jax.ShapeDtypeStruct((2, 64, 64, 3), jnp.float32)
  program = jax.jit(lambda v, x: backbone.apply(v, x, train=False)[layer])
  text = program.lower(shapes(backbone)[0], images).as_text()
  assert text.count('stablehlo.convolution') == convolutions


def test_lite0_names_every_block_so_that_a_loss_can_choose():
  outputs = shapes(network.build_backbone('efficientnet_lite0', width=8))[1]
  blocks = [f'block{i}' for i in range(1, 17)]
  assert outputs.keys() == {'map', 'pooled', 'stem', *blocks}
  assert outputs['stem'].shape == (2, 32, 32, 8)
  assert outputs['block3'].shape == (2, 16, 16, 6)
  assert outputs['block16'].shape == (2, 2, 2, 80)


def test_lite0_pads_an_even_image_at_its_end_only():
  backbone = network.build_backbone('efficientnet_lite0', width=4)
  stem = jax.jit(
      lambda images: backbone.apply(
          narrow_variables('efficientnet_lite0'), images, train=False
      )['stem']
  )
  images = np.zeros((2, 32, 32, 3), 'f')
  images[1, 0] = 1  # the first row: only the first windows see it, ...
  changed = np.abs(np.diff(stem(images), axis=0))[0].sum((1, 2)) > 0
  assert changed.tolist() == [True] + 15 * [False]
  images[1] = 0
  images[1, -1] = 1  # ... as the last windows do the last one
  changed = np.abs(np.diff(stem(images), axis=0))[0].sum((1, 2)) > 0
  assert changed.tolist() == 15 * [False] + [True]
  images[1] = 0
  images[1, 2] = 1  # the third row is in two windows: of rows 0-2 and 2-4
  changed = np.abs(np.diff(stem(images), axis=0))[0].sum((1, 2)) > 0
  assert changed.tolist() == [True, True] + 14 * [False]


@pytest.mark.parametrize(
    ('name', 'option'),
    [
        ('conv4', 'last_relu'),
        ('resnet10', 'last_relu'),
        ('resnet12', 'last_swish'),
    ],
)
def test_the_last_block_can_end_with_features_of_both_signs(name, option):
  images = jax.random.normal(jax.random.key(0), (4, 64, 64, 3))
  found = {}
  for last in (True, False):
    module = network.build_backbone(name, width=4, **{option: last})
    variables = jax.jit(module.init, static_argnames='train')(
        jax.random.key(1), images, train=False
    )
    # Normalised by the batch, so that both signs occur before the last ReLU.
    features, _ = jax.jit(
        functools.partial(module.apply, train=True, mutable=['batch_stats'])
    )(variables, images)
    found[last] = features['map']
  assert found[False].min() < -0.3 < found[True].min()
