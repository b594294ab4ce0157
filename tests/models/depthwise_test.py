"""Depthwise convolution is the grouped convolution that it stands for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.models import depthwise


def loops(x, kernel, stride):
  """Window by window, with TensorFlow's padding, in float64."""
  size = len(kernel)
  batch, height, width, channels = x.shape
  out = [-(-height // stride), -(-width // stride)]
  need = [
      max((o - 1) * stride + size - side, 0)
      for o, side in zip(out, (height, width), strict=True)
  ]
  result = np.zeros((batch, *out, channels))
  for b in range(batch):
    for h in range(out[0]):
      for w in range(out[1]):
        for i in range(size):
          for j in range(size):
            row = h * stride + i - need[0] // 2
            column = w * stride + j - need[1] // 2
            if 0 <= row < height and 0 <= column < width:
              result[b, h, w] += np.float64(x[b, row, column]) * kernel[i, j, 0]
  return result


@pytest.mark.parametrize(
    ('size', 'stride', 'shape'),
    [(3, 1, (5, 4)), (3, 2, (6, 5)), (5, 2, (7, 8)), (5, 1, (2, 3))],
)
def test_equals_a_sum_over_windows_in_loops(rng, size, stride, shape):
  x = rng.normal(size=(2, *shape, 3)).astype('f')
  kernel = rng.normal(size=(size, size, 1, 3)).astype('f')
  np.testing.assert_allclose(
      depthwise.depthwise(x, kernel, stride),
      loops(x, kernel, stride),
      rtol=1e-5,
      atol=1e-5,
  )


@pytest.mark.parametrize(
    ('size', 'stride', 'shape'),
    [(3, 2, (6, 5)), (3, 1, (4, 4)), (5, 2, (7, 8)), (5, 1, (2, 3))],
)
def test_gradients_are_those_of_xlas_grouped_convolution(
    rng, size, stride, shape
):
  x = rng.normal(size=(2, *shape, 3)).astype('f')
  kernel = rng.normal(size=(size, size, 1, 3)).astype('f')

  def by_xla(x, kernel):
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        (stride, stride),
        'SAME',
        dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
        feature_group_count=3,
    )

  def gradients(function):
    loss = lambda x, kernel: jnp.sum(jnp.sin(function(x, kernel)))
    return jax.grad(loss, (0, 1))(x, kernel)

  for ours, theirs in zip(
      gradients(lambda x, k: depthwise.depthwise(x, k, stride)),
      gradients(by_xla),
      strict=True,
  ):
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_half_precision_inputs_are_summed_in_single(rng):
  x = jnp.asarray(rng.normal(size=(1, 4, 4, 2)), jnp.bfloat16)
  module = depthwise.DepthwiseConv(3)
  variables = module.init(jax.random.key(0), x)
  assert variables['params']['kernel'].dtype == jnp.float32
  y = module.apply(variables, x)
  assert y.dtype == jnp.bfloat16
  exact = depthwise.depthwise(x, variables['params']['kernel'])
  np.testing.assert_array_equal(y, exact.astype(jnp.bfloat16))
  gradient = jax.grad(lambda x: jnp.sum(module.apply(variables, x)))(x)
  assert gradient.dtype == jnp.bfloat16


@pytest.mark.parametrize('shape', [(3, 3, 2), (3, 3, 2, 1), (3, 2, 1, 2)])
def test_kernels_of_other_shapes_are_refused(shape):
  with pytest.raises(AssertionError):
    depthwise.depthwise(jnp.zeros((1, 4, 4, 2)), jnp.zeros(shape))
