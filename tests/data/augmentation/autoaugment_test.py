"""AutoAugment's operations against Pillow, and how a policy is drawn."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image, ImageEnhance, ImageOps
import pytest

from lsl_jax.data.augmentation import augment, augment_spec, autoaugment

_NAMES = autoaugment.OPERATIONS


@pytest.fixture(scope='module')
def images():
  """Noise, a narrow range, one value, and few values."""
  rng = np.random.default_rng(0)
  return [
      rng.integers(0, 256, (20, 16, 3), np.uint8),
      rng.integers(90, 140, (20, 16, 3), np.uint8),
      np.full((20, 16, 3), 77, np.uint8),
      rng.choice(np.array([3, 80, 255], np.uint8), (20, 16, 3)),
  ]


@pytest.fixture(scope='module')
def transform():
  return jax.jit(autoaugment.transform)


def _pillow(name, image, magnitude, sign):
  share = magnitude / 9
  factor = 1 + 0.9 * share * sign
  picture = Image.fromarray(image)
  results = {
      'AutoContrast': lambda: ImageOps.autocontrast(picture),
      'Invert': lambda: ImageOps.invert(picture),
      'Equalize': lambda: ImageOps.equalize(picture),
      'Solarize': lambda: ImageOps.solarize(
          picture, np.linspace(255, 0, 10)[magnitude]
      ),
      'Posterize': lambda: ImageOps.posterize(picture, 8 - round(4 * share)),
      'Contrast': lambda: ImageEnhance.Contrast(picture).enhance(factor),
      'Color': lambda: ImageEnhance.Color(picture).enhance(factor),
      'Brightness': lambda: ImageEnhance.Brightness(picture).enhance(factor),
      'Sharpness': lambda: ImageEnhance.Sharpness(picture).enhance(factor),
  }
  return np.asarray(results[name]())


@pytest.mark.parametrize('name', _NAMES[5:])
def test_maps_and_blends_are_pillows(images, transform, name):
  for image in images:
    for magnitude, sign in ((0, 1), (3, -1), (7, 1), (9, -1), (9, 1)):
      got = transform(
          jnp.asarray(image, jnp.float32), _NAMES.index(name), magnitude, sign
      )
      expected = _pillow(name, image, magnitude, sign)
      # Pillow's products and sums are rounded elsewhere.
      exact = name in ('Invert', 'Equalize', 'Solarize', 'Posterize')
      slack = 0 if exact else 1
      np.testing.assert_allclose(got, expected, atol=slack)


def _moved(image, source):
  """Each result pixel is the image at `source(row, column)`, bilinearly."""
  height, width = image.shape[:2]
  result = np.zeros(image.shape)
  for r in range(height):
    for c in range(width):
      y, x = source(r - (height - 1) / 2, c - (width - 1) / 2)
      y, x = y + (height - 1) / 2, x + (width - 1) / 2
      total = np.zeros(3)
      for i in (int(np.floor(y)), int(np.floor(y)) + 1):
        for j in (int(np.floor(x)), int(np.floor(x)) + 1):
          inside = 0 <= i < height and 0 <= j < width
          value = image[i, j] if inside else np.full(3, 128.0)
          total += (1 - abs(y - i)) * (1 - abs(x - j)) * value
      result[r, c] = total
  return np.round(result)


@pytest.mark.parametrize('sign', [1, -1])
def test_geometry_is_shears_moves_and_turns(images, transform, sign):
  image = images[0]
  angle = sign * np.pi / 6 * 4 / 9
  far = lambda side: sign * round(150 / 331 * 4 / 9 * side)
  shear = sign * 0.3 * 4 / 9
  sources = {
      'ShearX': lambda y, x: (y, x + shear * y),
      'ShearY': lambda y, x: (y + shear * x, x),
      'TranslateX': lambda y, x: (y, x - far(16)),
      'TranslateY': lambda y, x: (y - far(20), x),
      'Rotate': lambda y, x: (
          np.cos(angle) * y + np.sin(angle) * x,
          -np.sin(angle) * y + np.cos(angle) * x,
      ),
  }
  for name, source in sources.items():
    got = transform(
        jnp.asarray(image, jnp.float32), _NAMES.index(name), 4, float(sign)
    )
    # A source half-way between two pixels may be rounded to either.
    apart = np.abs(np.asarray(got) - _moved(image, source)) > 1
    assert apart.mean() < 0.01, name


def test_the_policy_is_the_published_one():
  operations, probabilities, magnitudes = autoaugment.policy()
  assert operations.shape == probabilities.shape == magnitudes.shape == (25, 2)
  assert [_NAMES[i] for i in operations[1]] == ['Rotate', 'TranslateX']
  assert probabilities[1].tolist() == pytest.approx([0.7, 0.3])
  assert magnitudes[1].tolist() == [2, 9]
  assert [_NAMES[i] for i in operations[24]] == ['TranslateY', 'AutoContrast']
  # How often each operation occurs in the paper's table 7.
  counts = {n: int((operations == i).sum()) for i, n in enumerate(_NAMES)}
  assert (
      counts
      == {
          'ShearX': 0,
          'ShearY': 2,
          'TranslateX': 2,
          'TranslateY': 5,
          'Rotate': 1,
          'AutoContrast': 7,
          'Invert': 3,
          'Equalize': 9,
          'Solarize': 4,
          'Posterize': 1,
          'Contrast': 2,
          'Color': 5,
          'Brightness': 4,
          'Sharpness': 5,
      }
      or counts
  )
  assert sum(counts.values()) == 50


def test_views_are_drawn_per_image_and_stay_in_range(images):
  spec = augment_spec.Spec(policy='cifar10')
  keys = jax.random.split(jax.random.key(0), 64)
  batch = jnp.broadcast_to(jnp.asarray(images[0]), (64, 20, 16, 3))
  run = jax.jit(functools.partial(augment.batch, spec=spec))
  views = np.asarray(run(keys, batch))
  assert views.min() >= 0
  assert views.max() <= 255
  np.testing.assert_array_equal(views, np.round(views))
  assert len({view.tobytes() for view in views}) > 20
  # Some sub-policies do nothing by chance.
  assert (views == images[0]).all((1, 2, 3)).any()
  np.testing.assert_array_equal(run(keys[::-1], batch)[::-1], views)


def test_unknown_policies_are_refused():
  with pytest.raises(ValueError, match='unknown policy'):
    augment_spec.Spec(policy='cifra10')
