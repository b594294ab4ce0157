"""Convolution by shifted sums and pooling against the library's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.ops import shifted


def reference(x, kernel):
  return jax.lax.conv_general_dilated(
      x, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC')
  )


@pytest.mark.parametrize('size', [1, 3, 5])
def test_it_is_the_convolution_with_zero_padding(rng, size):
  x = jnp.asarray(rng.normal(size=(2, 4, 5, 3)).astype('f'))
  kernel = jnp.asarray(rng.normal(size=(size, size, 3, 2)).astype('f'))
  np.testing.assert_allclose(
      shifted.convolve(x, kernel), reference(x, kernel), atol=1e-5
  )


def test_gradients_and_many_kernels_side_by_side_agree(rng):
  x = jnp.asarray(rng.normal(size=(3, 2, 4, 4, 3)).astype('f'))
  kernels = jnp.asarray(rng.normal(size=(3, 3, 3, 3, 2)).astype('f'))
  weights = jnp.asarray(rng.normal(size=(2, 4, 4, 2)).astype('f'))

  def slopes(convolve):
    value = lambda x, kernel: jnp.sum(convolve(x, kernel) * weights)
    return jax.jit(jax.vmap(jax.grad(value, argnums=(0, 1))))(x, kernels)

  for measured, expected in zip(
      slopes(shifted.convolve), slopes(reference), strict=True
  ):
    np.testing.assert_allclose(measured, expected, atol=1e-4)


@pytest.mark.parametrize(
    ('padding', 'rows', 'columns'), [('valid', 2, 1), ('same', 3, 2)]
)
def test_pooling_leaves_out_or_covers_the_last_row(rng, padding, rows, columns):
  x = rng.normal(size=(1, 5, 3, 2)).astype('f')
  pooled = shifted.max_pool(jnp.asarray(x), padding)
  expected = [
      [
          x[0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max((0, 1))
          for j in range(columns)
      ]
      for i in range(rows)
  ]
  np.testing.assert_array_equal(pooled[0], np.array(expected))


def test_no_pooling_is_the_identity_and_other_words_are_refused():
  x = jnp.ones((1, 3, 3, 1))
  assert shifted.max_pool(x, None) is x
  with pytest.raises(ValueError, match='valid, same, None'):
    shifted.max_pool(x, 'full')
  with pytest.raises(ValueError, match='odd squares'):
    shifted.convolve(x, jnp.ones((2, 2, 1, 1)))
