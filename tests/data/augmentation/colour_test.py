"""Random brightness, contrast and saturation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.data.augmentation import colour

_PARTS = ('brightness', 'contrast', 'saturation')


def _oracle(image, brightness, contrast, saturation, amounts):
  """The three changes in turn, in float64, by loops."""
  image = image.astype(np.float64)
  luma = lambda pixel: 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
  pixels = [
      (r, c) for r in range(image.shape[0]) for c in range(image.shape[1])
  ]

  def blend(reference, amount):
    for place in pixels:
      value = reference[place] + (1 + amount) * (
          image[place] - reference[place]
      )
      image[place] = np.clip(value, 0, 255)

  blend(dict.fromkeys(pixels, 0.0), brightness * amounts[0])
  if contrast:
    mean = np.mean([round(luma(image[p])) for p in pixels])
    blend(dict.fromkeys(pixels, mean), contrast * amounts[1])
  blend({p: luma(image[p]) for p in pixels}, saturation * amounts[2])
  return image


@pytest.mark.parametrize('part', [*_PARTS, 'all'])
def test_each_part_is_what_it_says(rng, part):
  image = rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)
  sizes = {name: 0.4 * (part in (name, 'all')) for name in _PARTS}
  jitter = jax.jit(lambda key: colour.random_jitter(key, image, **sizes))
  for seed in range(3):
    key = jax.random.key(seed)
    amounts = np.asarray(jax.random.uniform(key, (3,), minval=-1.0))
    np.testing.assert_allclose(
        jitter(key), _oracle(image, *sizes.values(), amounts), atol=1e-3
    )


def test_factors_are_spread_over_the_whole_range():
  image = jnp.full((1, 1, 3), 100, jnp.uint8)
  jitter = jax.vmap(lambda k: colour.random_jitter(k, image, brightness=0.5))
  views = jax.jit(jitter)(jax.random.split(jax.random.key(0), 200))
  assert 50 <= views.min() < 55 and 145 < views.max() <= 150


def test_values_stay_within_those_of_bytes():
  image = jnp.array([[[0, 128, 255]]], jnp.uint8)
  jitter = jax.vmap(
      lambda k: colour.random_jitter(
          k, image, brightness=1.0, contrast=1.0, saturation=1.0
      )
  )
  views = jax.jit(jitter)(jax.random.split(jax.random.key(0), 100))
  assert views.min() >= 0 and views.max() <= 255
  assert views.max() > 250


def test_nothing_asked_is_nothing_changed(rng):
  image = rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)
  view = colour.random_jitter(jax.random.key(0), jnp.asarray(image))
  assert view.dtype == np.float32
  np.testing.assert_array_equal(view, image)
