"""Small affine maps of one image."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.data.augmentation import affine


def _oracle(image, matrix, shift, fill):
  """Bilinear interpolation at mapped places, in float64, by loops."""
  height, width = image.shape[:2]
  centre = np.array([(height - 1) / 2, (width - 1) / 2])
  result = np.zeros(image.shape)

  def pixel(row, column):
    if fill is not None and not (0 <= row < height and 0 <= column < width):
      return np.full(3, fill)
    row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
    return image[row, column].astype(np.float64)

  for row in range(height):
    for column in range(width):
      place = centre + matrix @ (np.array([row, column]) - centre - shift)
      top, left = (int(x) for x in np.floor(place))
      down, right = place - [top, left]
      for i, share in ((0, 1 - down), (1, down)):
        for j, part in ((0, 1 - right), (1, right)):
          result[row, column] += share * part * pixel(top + i, left + j)
  return result


@pytest.mark.parametrize('fill', [0.0, 200.0, None])
def test_interpolates_bilinearly_at_the_mapped_places(rng, fill):
  image = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
  matrix = np.array([[0.9, 0.3], [-0.2, 1.2]])
  shift = np.array([0.75, -1.25])
  mapped = affine.affine(
      jnp.asarray(image),
      jnp.asarray(matrix, jnp.float32),
      jnp.asarray(shift, jnp.float32),
      fill=fill,
  )
  np.testing.assert_allclose(
      mapped, _oracle(image, matrix, shift, fill), atol=1e-2
  )


def test_a_positive_shift_moves_the_image_down_and_right(rng):
  image = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
  moved = affine.affine(jnp.asarray(image), jnp.eye(2), jnp.array([1.0, 2.0]))
  want = np.zeros_like(image)
  want[1:, 2:] = image[:-1, :-2]
  np.testing.assert_array_equal(moved, want)


def test_nothing_asked_is_nothing_changed(rng):
  image = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
  view = affine.random_affine(jax.random.key(0), jnp.asarray(image))
  np.testing.assert_array_equal(view, image)


def _maps(**amounts):
  keys = jax.random.split(jax.random.key(1), 200)
  draw = jax.vmap(lambda k: affine.random_map(k, (10, 20), **amounts))
  return [np.asarray(part) for part in jax.jit(draw)(keys)]


def test_a_rotation_is_of_any_angle_up_to_the_largest():
  matrices, shifts = _maps(rotation=30.0)
  products = matrices @ np.swapaxes(matrices, 1, 2)
  np.testing.assert_allclose(
      products, np.broadcast_to(np.eye(2), products.shape), atol=1e-6
  )
  angles = np.rad2deg(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
  assert -30 <= angles.min() < -25 and 25 < angles.max() <= 30
  assert not shifts.any()


def test_a_zoom_changes_each_side_by_its_own_share():
  matrices, _ = _maps(zoom=0.2)
  assert not matrices[:, 0, 1].any() and not matrices[:, 1, 0].any()
  sides = 1 / matrices[:, (0, 1), (0, 1)]
  assert 0.8 <= sides.min() < 0.83 and 1.17 < sides.max() <= 1.2
  assert abs(np.corrcoef(sides.T)[0, 1]) < 0.3


def test_a_shear_moves_rows_sideways():
  matrices, _ = _maps(shear=0.3)
  np.testing.assert_array_equal(
      matrices[:, (0, 1), (0, 1)], np.ones((200, 2), np.float32)
  )
  assert not matrices[:, 0, 1].any()
  slants = matrices[:, 1, 0]
  assert -0.3 <= slants.min() < -0.25 and 0.25 < slants.max() <= 0.3


def test_a_translation_is_a_share_of_the_sides():
  _, shifts = _maps(translation=0.1)
  largest = np.abs(shifts).max(0)
  assert 0.9 < largest[0] <= 1.0 and 1.8 < largest[1] <= 2.0
