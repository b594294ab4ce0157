"""What pooling makes of the positions of a map."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.ops import pooling


def by_loops(x, name):
  """One image `[H, W, D]` in float64, a value at a time."""
  height, width, depth = x.shape
  cells = [x[i, j] for i in range(height) for j in range(width)]
  if name == 'gap':
    return sum(cells) / len(cells)
  if name == 'gmp':
    return np.array([max(cell[d] for cell in cells) for d in range(depth)])
  return np.concatenate(cells) if name == 'flatten' else np.stack(cells)


@pytest.mark.parametrize('name', ['gap', 'gmp', 'flatten', 'dense'])
@pytest.mark.parametrize('leading', [(), (3,), (2, 3)])
def test_every_image_is_pooled_as_loops_do_it(rng, name, leading):
  maps = rng.normal(size=(*leading, 2, 4, 3)).astype('f')
  function = pooling.dense if name == 'dense' else pooling.POOLINGS[name]
  images = maps.astype(np.float64).reshape(-1, 2, 4, 3)
  expected = np.stack([by_loops(image, name) for image in images])
  np.testing.assert_allclose(
      function(jnp.asarray(maps)),
      expected.reshape(*leading, *expected.shape[1:]),
      rtol=1e-6,
  )


@pytest.mark.parametrize('name', pooling.POOLINGS)
def test_half_precision_maps_are_pooled_in_single(name):
  maps = jnp.full((1, 30, 30, 2), 1.0078125, jnp.bfloat16)
  pooled = pooling.POOLINGS[name](maps)
  assert pooled.dtype == jnp.float32
  np.testing.assert_array_equal(pooled, jnp.full(pooled.shape, 1.0078125))


def test_the_cosine_of_flattened_maps_is_that_of_frobenius(rng):
  left, right = rng.normal(size=(2, 2, 3, 4)).astype('f')
  flat = [np.asarray(pooling.flatten(jnp.asarray(x))) for x in (left, right)]
  expected = (left * right).sum() / (
      np.linalg.norm(left) * np.linalg.norm(right)
  )
  cosine = flat[0] @ flat[1] / np.prod([np.linalg.norm(x) for x in flat])
  np.testing.assert_allclose(cosine, expected, rtol=1e-5)


def test_vectors_and_empty_maps_are_refused():
  for shape in ((4, 5), (2, 0, 3, 4)):
    with pytest.raises(ValueError, match=r'maps \[..., H, W, D\]'):
      pooling.gap(jnp.zeros(shape))


def test_gradients_of_max_pooling_reach_one_position():
  maps = jnp.arange(4.0).reshape(1, 2, 2, 1)
  gradient = jax.grad(lambda x: jnp.sum(pooling.gmp(x)))(maps)
  assert gradient.reshape(-1).tolist() == [0, 0, 0, 1]
