"""ResNet-12 against the published description, computed with loops."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.models import layers, network, resnet12


def shapes(size, **options):
  backbone = network.build_backbone('resnet12', **options)
  images = jax.ShapeDtypeStruct((2, size, size, 3), jnp.float32)
  variables = jax.eval_shape(
      functools.partial(backbone.init, train=False), jax.random.key(0), images
  )
  outputs = jax.eval_shape(
      functools.partial(backbone.apply, train=False), variables, images
  )
  return variables, outputs


def convolve(x, kernel):
  """Zero-padded correlation, one output value at a time."""
  size = kernel.shape[0]
  half = size // 2
  height, width, _ = x.shape
  y = np.zeros((height, width, kernel.shape[-1]))
  for i in range(height):
    for j in range(width):
      for a in range(size):
        for b in range(size):
          r, c = i + a - half, j + b - half
          if 0 <= r < height and 0 <= c < width:
            y[i, j] += x[r, c] @ kernel[a, b]
  return y


def normalise(x, parameters, statistics):
  spread = np.sqrt(statistics['var'] + 1e-3)
  scaled = (x - statistics['mean']) / spread * parameters['scale']
  return scaled + parameters['bias']


def swish(x):
  return x / (1 + np.exp(-x))


def pooled(x, same):
  height, width, _ = x.shape
  rows, columns = ((n + 1) // 2 if same else n // 2 for n in (height, width))
  return np.array(
      [
          [
              x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max((0, 1))
              for j in range(columns)
          ]
          for i in range(rows)
      ]
  )


def by_loops(variables, image, pools, same):
  x = image
  for index in range(1, 5):
    p = variables['params'][f'block{index}']
    s = variables['batch_stats'][f'block{index}']
    y = x
    for layer in (1, 2, 3):
      y = convolve(y, p[f'conv{layer}']['kernel'])
      y = normalise(y, p[f'norm{layer}'], s[f'norm{layer}'])
      y = swish(y) if layer < 3 else y
    short = convolve(x, p['shortcut_conv']['kernel'])
    x = swish(y + normalise(short, p['shortcut_norm'], s['shortcut_norm']))
    if index <= pools:
      x = pooled(x, same)
  return x


@pytest.mark.parametrize(('pools', 'padding'), [(4, 'valid'), (3, 'same')])
def test_the_map_is_that_of_the_description(pools, padding):
  rng = np.random.default_rng(pools)
  backbone = resnet12.ResNet12(width=2, pools=pools, pool_padding=padding)
  images = rng.normal(size=(2, 18, 18, 3))
  variables = jax.tree.map(
      lambda leaf: rng.uniform(0.5, 1.5, leaf.shape)
      if len(leaf.shape) == 1
      else rng.normal(0, (1 / np.prod(leaf.shape[:-1])) ** 0.5, leaf.shape),
      shapes(18, width=2)[0],
  )
  measured = jax.jit(functools.partial(backbone.apply, train=False))(
      jax.tree.map(jnp.float32, variables), images.astype('f')
  )
  expected = np.stack(
      [by_loops(variables, image, pools, padding == 'same') for image in images]
  )
  np.testing.assert_allclose(measured['map'], expected, rtol=1e-4, atol=1e-4)
  np.testing.assert_allclose(
      measured['pooled'], expected.mean((1, 2)), rtol=1e-4, atol=1e-4
  )


@pytest.mark.parametrize(
    ('size', 'options', 'shape'),
    [
        (84, {}, (5, 5, 512)),
        (32, {}, (2, 2, 512)),
        (84, {'pools': 3, 'pool_padding': 'same'}, (11, 11, 512)),
        (84, {'pools': 3}, (10, 10, 512)),
        (84, {'extra': 16}, (5, 5, 528)),
        (32, {'width': 16, 'extra': 4}, (2, 2, 132)),
    ],
)
def test_maps_have_the_published_sizes(size, options, shape):
  assert shapes(size, **options)[1]['map'].shape == (2, *shape)


def test_what_the_last_convolutions_read_is_there_to_build_beside():
  outputs = shapes(84)[1]
  assert outputs['block4_conv1'].shape == (2, 10, 10, 256)
  assert outputs['block4_conv2'].shape == (2, 10, 10, 512)
  assert outputs['block4_conv3'].shape == (2, 10, 10, 512)


def test_kernels_start_with_a_tenth_of_the_usual_variance():
  backbone = resnet12.Block(64, None, norm=layers.batch_norm(False))
  kernel = backbone.init(jax.random.key(0), jnp.ones((1, 4, 4, 64)))['params'][
      'conv2'
  ]['kernel']
  np.testing.assert_allclose(
      np.std(kernel), np.sqrt(0.1 * 2 / (9 * 64)), rtol=0.02
  )


def test_running_statistics_keep_nineteen_twentieths():
  backbone = resnet12.ResNet12(width=1, pools=4)
  images = 3 + np.random.default_rng(0).normal(size=(4, 16, 16, 3)).astype('f')

  def step(key):
    variables = jax.jit(backbone.init, static_argnames='train')(
        key, images, train=False
    )
    state = backbone.apply(
        variables, images, train=True, mutable=['batch_stats']
    )[1]
    kernel = variables['params']['block1']['shortcut_conv']['kernel']
    return (
        state['batch_stats']['block1']['shortcut_norm'],
        images @ kernel[0, 0],
    )

  statistics, values = jax.jit(step)(jax.random.key(0))
  np.testing.assert_allclose(
      statistics['mean'], 0.05 * values.mean((0, 1, 2)), rtol=1e-4
  )
  np.testing.assert_allclose(
      statistics['var'], 0.95 + 0.05 * values.var((0, 1, 2)), rtol=1e-4
  )


@pytest.mark.parametrize(
    ('options', 'message'),
    [({'pools': 5}, 'pools is 5'), ({'pool_padding': 'full'}, 'valid, same')],
)
def test_unknown_options_are_refused(options, message):
  with pytest.raises(ValueError, match=message):
    shapes(32, **options)
