"""Convolutions that are computed in other ways on CPUs: the same numbers."""

from flax import linen as nn
import jax
from jax import lax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.models import convolution, layers

LAYOUT = ('NHWC', 'HWIO', 'NHWC')


def _general(x, kernel, strides, padding):
  return lax.conv_general_dilated(
      x, kernel, strides, padding, dimension_numbers=LAYOUT
  )


def _operations(function, *arguments):
  return str(jax.make_jaxpr(function)(*arguments))


def _assert_same_to_second_order(ours, theirs, x, kernel):
  """Results, both gradients, and the derivative of a gradient along itself."""

  def everything(function):
    def loss(x, kernel):
      return jnp.sum(jnp.sin(function(x, kernel)))

    gradient = jax.grad(loss, (0, 1))
    along = jax.jvp(gradient, (x, kernel), (x, kernel))[1]
    return function(x, kernel), gradient(x, kernel), along

  for a, b in zip(
      jax.tree.leaves(everything(ours)),
      jax.tree.leaves(everything(theirs)),
      strict=True,
  ):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ('sides', 'size', 'strides', 'padding'),
    [
        ((2, 2), 3, (1, 1), [(1, 1), (1, 1)]),
        ((1, 1), 3, (1, 1), [(1, 1), (1, 1)]),
        ((4, 4), 5, (1, 1), [(2, 2), (2, 2)]),
        ((8, 2), 3, (1, 1), [(1, 1), (1, 1)]),
        ((4, 4), 3, (2, 2), [(1, 1), (1, 1)]),
        ((5, 2), 3, (2, 1), [(1, 1), (0, 2)]),
        ((4, 4), 4, (1, 1), 'VALID'),
        ((3, 2), 3, (2, 2), 'SAME'),
    ],
)
def test_small_maps_are_products_with_all_windows(
    rng, sides, size, strides, padding
):
  x = rng.normal(size=(2, *sides, 3)).astype(np.float32)
  kernel = rng.normal(size=(size, size, 3, 4)).astype(np.float32)

  def ours(x, kernel):
    return convolution.convolve(x, kernel, strides, padding)

  assert 'conv_general_dilated' not in _operations(ours, x, kernel)
  _assert_same_to_second_order(
      ours, lambda x, k: _general(x, k, strides, padding), x, kernel
  )


@pytest.mark.parametrize(
    ('sides', 'size', 'strides'),
    [((4, 4), 3, (1, 1)), ((8, 8), 3, (2, 2)), ((2, 2), 1, (2, 2))],
)
def test_maps_that_hold_the_kernel_are_left_to_the_compiler(
    sides, size, strides
):
  x = jnp.ones((1, *sides, 2))
  kernel = jnp.ones((size, size, 2, 2))
  found = _operations(
      lambda x, k: convolution.convolve(x, k, strides, 'SAME'), x, kernel
  )
  assert 'conv_general_dilated' in found
  assert 'dot_general' not in found


def test_groups_and_dilations_are_left_to_the_compiler(rng):
  x = rng.normal(size=(1, 2, 2, 4)).astype(np.float32)
  kernel = rng.normal(size=(3, 3, 2, 4)).astype(np.float32)
  padding = [(2, 2), (2, 2)]
  options = {'feature_group_count': 2, 'rhs_dilation': (2, 2)}
  ours = convolution.convolve(x, kernel, (1, 1), padding, **options)
  theirs = lax.conv_general_dilated(
      x, kernel, (1, 1), padding, dimension_numbers=LAYOUT, **options
  )
  np.testing.assert_array_equal(ours, theirs)


def test_a_layer_on_a_small_map_takes_this_way(rng):
  x = rng.normal(size=(2, 2, 2, 3)).astype(np.float32)
  layer = layers.conv(4, 3, name='conv')
  variables = layer.init(jax.random.key(0), x)
  assert 'conv_general_dilated' not in _operations(layer.apply, variables, x)
  expected = _general(x, variables['params']['kernel'], (1, 1), 'SAME')
  np.testing.assert_allclose(layer.apply(variables, x), expected, atol=1e-5)


@pytest.mark.parametrize('sides', [(1, 1), (2, 3), (4, 4)])
def test_a_doubling_is_the_transposed_convolution(rng, sides):
  x = rng.normal(size=(2, *sides, 3)).astype(np.float32)
  kernel = rng.normal(size=(4, 4, 3, 5)).astype(np.float32)
  assert 'lhs_dilation=(1, 1)' in _operations(convolution.double, x, kernel)
  _assert_same_to_second_order(
      convolution.double,
      lambda x, k: lax.conv_transpose(
          x, k, (2, 2), 'SAME', dimension_numbers=LAYOUT
      ),
      x,
      kernel,
  )


@pytest.mark.parametrize('use_bias', [True, False])
@pytest.mark.parametrize('dtype', [None, jnp.bfloat16])
def test_a_doubling_layer_has_the_usual_variables(rng, use_bias, dtype):
  x = rng.normal(size=(2, 4, 4, 3)).astype(np.float32)
  init = nn.initializers.normal(0.5)
  usual = nn.ConvTranspose(
      5, (4, 4), (2, 2), use_bias=use_bias, kernel_init=init, dtype=dtype
  )
  ours = convolution.Doubling(5, init, use_bias=use_bias, dtype=dtype)
  variables = usual.init(jax.random.key(0), x)
  for a, b in zip(
      jax.tree.leaves_with_path(variables),
      jax.tree.leaves_with_path(ours.init(jax.random.key(0), x)),
      strict=True,
  ):
    assert a[0] == b[0]
    np.testing.assert_array_equal(a[1], b[1])
  if use_bias:
    variables['params']['bias'] += 0.5
  expected = usual.apply(variables, x)
  y = ours.apply(variables, x)
  assert y.dtype == expected.dtype
  np.testing.assert_allclose(
      y.astype(jnp.float32),
      expected.astype(jnp.float32),
      atol=1e-5 if dtype is None else 0.05,
  )


def test_other_devices_keep_their_own(rng, monkeypatch):
  monkeypatch.setattr(jax, 'default_backend', lambda: 'gpu')
  x = rng.normal(size=(1, 2, 2, 3)).astype(np.float32)
  kernel = rng.normal(size=(3, 3, 3, 4)).astype(np.float32)
  found = _operations(
      lambda x, k: convolution.convolve(x, k, (1, 1), 'SAME'), x, kernel
  )
  assert 'conv_general_dilated' in found
  assert 'dot_general' not in found
  doubling = rng.normal(size=(4, 4, 3, 4)).astype(np.float32)
  assert 'lhs_dilation=(2, 2)' in _operations(convolution.double, x, doubling)
