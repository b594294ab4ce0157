"""Pooling and normalisation against loops."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.models import layers


def pooled(x, size, stride, before, cover):
  """Maxima over windows, by loops; windows may hang over the edges."""
  count = math.ceil if cover else math.floor
  heights, widths = (
      max(count((n + 2 * before - size) / stride), 0) + 1 for n in x.shape[1:3]
  )
  out = np.zeros((len(x), heights, widths, x.shape[3]))
  for i in range(heights):
    for j in range(widths):
      top, left = i * stride - before, j * stride - before
      window = x[:, max(top, 0) : top + size, max(left, 0) : left + size]
      out[:, i, j] = window.max((1, 2))
  return out


def test_plain_pooling_sends_the_gradient_to_the_maximum(rng):
  x = jnp.asarray(rng.permutation(16).reshape(1, 4, 4, 1), jnp.float32)
  gradient = jax.grad(lambda x: layers.max_pool(x, 2, 2).sum())(x)
  blocks = x.reshape(2, 2, 2, 2).max((1, 3))
  expected = np.isin(x, blocks)
  np.testing.assert_array_equal(gradient, expected)


@pytest.mark.parametrize(('size', 'stride'), [(3, 2), (3, 1), (2, 2)])
@pytest.mark.parametrize('cover', [False, True])
@pytest.mark.parametrize('length', [2, 7, 8])
def test_pooling_windows_lie_as_in_pytorch(rng, size, stride, cover, length):
  x = rng.normal(size=(1, length, length + 1, 2)).astype(np.float32)
  before = 0 if cover else (size - 1) // 2
  np.testing.assert_array_equal(
      layers.max_pool(x, size, stride, cover=cover),
      pooled(x, size, stride, before, cover),
  )


@pytest.mark.parametrize('cover', [False, True])
def test_overlapping_windows_add_their_gradients(rng, cover):
  x = jnp.asarray(rng.permutation(36).reshape(1, 6, 6, 1), jnp.float32)
  gradient = jax.grad(lambda x: layers.max_pool(x, 3, 2, cover=cover).sum())(x)
  maxima = pooled(np.asarray(x), 3, 2, 0 if cover else 1, cover).ravel()
  values = np.asarray(x)[0, :, :, 0]
  expected = [[(maxima == value).sum() for value in row] for row in values]
  np.testing.assert_array_equal(gradient[0, :, :, 0], expected)


def test_pooling_keeps_negative_maxima_at_the_padded_edge():
  assert layers.max_pool(-jnp.ones((1, 3, 3, 1)), 3, 2).max() == -1


def test_kernels_start_with_fan_out_variance():
  layer = layers.conv(64, 3, name='conv')
  params = layer.init(jax.random.key(0), jnp.zeros((1, 4, 4, 32)))['params']
  assert params.keys() == {'kernel'}
  np.testing.assert_allclose(
      np.std(params['kernel']), (2 / (3 * 3 * 64)) ** 0.5, rtol=0.02
  )


def test_running_statistics_keep_nine_tenths_of_their_past(rng):
  x = rng.normal(3, 2, size=(8, 4, 4, 2)).astype(np.float32)
  norm = layers.batch_norm(True)(name='norm')
  variables = norm.init(jax.random.key(0), x)
  y, updated = norm.apply(variables, x, mutable=['batch_stats'])
  mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
  stats = updated['batch_stats']
  np.testing.assert_allclose(stats['mean'], 0.1 * mean, rtol=1e-4)
  np.testing.assert_allclose(stats['var'], 0.9 + 0.1 * var, rtol=1e-4)
  expected = (x - mean) / np.sqrt(var + 1e-5)
  np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-4)


def test_mean_over_positions_is_float32_for_bfloat16_maps():
  x = jnp.full((1, 64, 64, 1), 1.0, jnp.bfloat16).at[0, 0, 0, 0].set(2.0)
  mean = layers.global_mean(x)
  assert mean.dtype == jnp.float32
  assert mean.item() == 1 + 1 / 4096
