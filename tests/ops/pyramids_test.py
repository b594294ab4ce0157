"""The Laplacian pyramid against loops in float64, and put together again."""

import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import ops

_WEIGHTS = np.array([1, 4, 6, 4, 1]) / 16


def _blur(image):
  """One channel, loops, edges repeated."""
  height, width = image.shape
  result = np.zeros_like(image)
  for r in range(height):
    for c in range(width):
      for i in range(5):
        for j in range(5):
          row = min(max(r + i - 2, 0), height - 1)
          column = min(max(c + j - 2, 0), width - 1)
          result[r, c] += _WEIGHTS[i] * _WEIGHTS[j] * image[row, column]
  return result


def _up(image, shape):
  larger = np.array(
      [
          [image[r // 2, c // 2] for c in range(shape[1])]
          for r in range(shape[0])
      ]
  )
  return _blur(larger)


@pytest.mark.parametrize('shape', [(8, 8), (7, 5)])
def test_levels_are_those_of_the_definition_and_add_up_to_the_image(rng, shape):
  image = rng.normal(size=shape)
  got = ops.laplacian_pyramid(
      jnp.asarray(image, jnp.float32)[None, :, :, None], levels=3
  )
  level = image
  for j in range(2):
    smaller = _blur(level)[::2, ::2]
    expected = level - _up(smaller, level.shape)
    np.testing.assert_allclose(got[j][0, :, :, 0], expected, atol=1e-5)
    level = smaller
  np.testing.assert_allclose(got[2][0, :, :, 0], level, atol=1e-5)
  # Back again.
  whole = np.asarray(got[2][0, :, :, 0], np.float64)
  for difference in got[1::-1]:
    difference = np.asarray(difference[0, :, :, 0])
    whole = difference + _up(whole, difference.shape)
  np.testing.assert_allclose(whole, image, atol=1e-5)


def test_images_and_channels_do_not_mix(rng):
  images = jnp.asarray(rng.normal(size=(2, 6, 6, 3)), jnp.float32)
  together = ops.laplacian_pyramid(images, levels=2)
  alone = ops.laplacian_pyramid(images[1:, ..., 2:], levels=2)
  for ours, theirs in zip(together, alone, strict=True):
    np.testing.assert_allclose(ours[1:, ..., 2:], theirs, atol=1e-6)


@pytest.mark.parametrize('levels', [0, 4])
def test_too_few_and_too_many_levels_are_refused(levels):
  with pytest.raises(ValueError, match='from 1 to 3'):
    ops.laplacian_pyramid(jnp.zeros((1, 4, 4, 1)), levels=levels)
