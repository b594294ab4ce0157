"""C128F against its description, computed with loops."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.models import c128f


def shapes(backbone, height, width):
  images = jax.ShapeDtypeStruct((2, height, width, 3), jnp.float32)
  outputs, variables = jax.eval_shape(
      functools.partial(backbone.init_with_output, train=False),
      jax.random.key(0),
      images,
  )
  return outputs, variables


def convolve(x, kernel):
  """3x3, zero-padded, one output value at a time."""
  height, width, _ = x.shape
  y = np.zeros((height, width, kernel.shape[-1]))
  for i in range(height):
    for j in range(width):
      for a in range(3):
        for b in range(3):
          r, c = i + a - 1, j + b - 1
          if 0 <= r < height and 0 <= c < width:
            y[i, j] += x[r, c] @ kernel[a, b]
  return y


def pooled(x):
  """Maxima of 2x2 windows; an odd last row or column is left out."""
  height, width, depth = x.shape
  y = np.zeros((height // 2, width // 2, depth))
  for i in range(height // 2):
    for j in range(width // 2):
      y[i, j] = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max((0, 1))
  return y


def by_loops(variables, images, last_relu, train):
  x = images
  for block in (1, 2, 3, 4):
    parameters = variables['params']
    kernel = parameters[f'block{block}_conv']['kernel']
    x = np.stack([convolve(image, kernel) for image in x])
    seen = variables['batch_stats'][f'block{block}_norm']
    if train:
      seen = {'mean': x.mean((0, 1, 2)), 'var': x.var((0, 1, 2))}
    x = (x - seen['mean']) / np.sqrt(seen['var'] + 1e-5)
    norm = parameters[f'block{block}_norm']
    x = x * norm['scale'] + norm['bias']
    if block < 4 or last_relu:
      x = np.maximum(x, 0)
    x = np.stack([pooled(image) for image in x])
  return x


@pytest.mark.parametrize(
    ('last_relu', 'train'), [(False, False), (True, False), (False, True)]
)
def test_the_map_is_that_of_the_description(rng, last_relu, train):
  # Without a word there is none.
  backbone = c128f.C128F(width=3, **({'last_relu': True} if last_relu else {}))

  def fill(path, leaf):
    if path[-1].key == 'kernel':
      return rng.normal(0, (2 / np.prod(leaf.shape[:-1])) ** 0.5, leaf.shape)
    values = rng.uniform(0.5, 1.5, leaf.shape)
    if path[-1].key == 'var':
      return values
    # Scales of both signs: with positive ones a pooling before the
    # normalisation would change nothing.
    return values * rng.choice([-1, 1], leaf.shape)

  variables = jax.tree.map_with_path(fill, shapes(backbone, 36, 34)[1])
  images = rng.normal(size=(2, 36, 34, 3))
  measured, _ = jax.jit(
      functools.partial(backbone.apply, train=train, mutable=['batch_stats'])
  )(jax.tree.map(np.float32, variables), images.astype('f'))
  expected = by_loops(variables, images, last_relu, train)
  assert expected.shape == (2, 2, 2, 6)
  assert (expected.min() < 0) is not last_relu
  np.testing.assert_allclose(measured['map'], expected, rtol=1e-4, atol=1e-4)
  np.testing.assert_allclose(
      measured['pooled'], expected.mean((1, 2)), rtol=1e-4, atol=1e-4
  )


def test_it_ends_in_five_by_five_times_128():
  outputs, variables = shapes(c128f.C128F(), 84, 84)
  assert outputs['map'].shape == (2, 5, 5, 128)
  widths = [
      variables['params'][f'block{block}_conv']['kernel'].shape[-1]
      for block in (1, 2, 3, 4)
  ]
  assert widths == [64, 64, 128, 128]
