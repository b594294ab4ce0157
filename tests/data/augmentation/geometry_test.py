"""Crops, flips and resized crops of one image."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.data.augmentation import geometry


def _image(rng, height=5, width=6):
  return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def _keys(count):
  return jax.vmap(jax.random.fold_in, (None, 0))(
      jax.random.key(3), jnp.arange(count)
  )


def _windows(image, height, width):
  """All windows of an image, by their top left corner."""
  return {
      (top, left): image[top : top + height, left : left + width]
      for top in range(image.shape[0] - height + 1)
      for left in range(image.shape[1] - width + 1)
  }


def test_a_random_crop_is_every_window_equally_often(rng):
  image = _image(rng)
  crops = jax.jit(jax.vmap(lambda k: geometry.random_crop(k, image, size=4)))(
      _keys(1200)
  )
  windows = _windows(image, 4, 4)
  counts = dict.fromkeys(windows, 0)
  for crop in np.asarray(crops):
    (place,) = [p for p, w in windows.items() if np.array_equal(w, crop)]
    counts[place] += 1
  assert crops.dtype == np.uint8
  # 200 expected of each of 6; the standard deviation is 13.
  assert all(130 < count < 270 for count in counts.values()), counts


@pytest.mark.parametrize(('fill', 'mode'), [(0.0, 'constant'), (None, 'edge')])
def test_padding_moves_an_image_that_keeps_its_shape(rng, fill, mode):
  image = _image(rng)
  crops = jax.jit(
      jax.vmap(lambda k: geometry.random_crop(k, image, padding=1, fill=fill))
  )(_keys(64))
  padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode=mode)
  windows = _windows(padded, 5, 6)
  seen = set()
  for crop in np.asarray(crops):
    seen |= {p for p, w in windows.items() if np.array_equal(w, crop)}
  assert seen == set(windows)


def test_a_border_has_the_value_that_was_asked_for(rng):
  padded = geometry.pad(jnp.asarray(_image(rng)), 2, 255.0)
  assert padded.dtype == np.uint8
  assert np.all(np.asarray(padded)[:2] == 255)


def test_a_crop_larger_than_the_image_says_so(rng):
  image = _image(rng)
  with pytest.raises(ValueError, match=r'crop of 6 .* image of 5 x 6'):
    geometry.random_crop(jax.random.key(0), image, size=6)
  with pytest.raises(ValueError, match=r'crop of 7 .* image of 5 x 6'):
    geometry.centre_crop(image, size=7)


def test_the_centre_crop_leaves_the_odd_pixel_at_bottom_and_right(rng):
  images = np.stack([_image(rng), _image(rng)])
  crop = geometry.centre_crop(images, size=4)
  np.testing.assert_array_equal(crop, images[:, 0:4, 1:5])
  assert geometry.centre_crop(images) is images


def test_half_of_the_images_are_flipped_left_to_right(rng):
  image = _image(rng)
  flipped = jax.jit(jax.vmap(lambda k: geometry.random_flip(k, image)))(
      _keys(400)
  )
  mirrored = [np.array_equal(view, image[:, ::-1]) for view in flipped]
  same = [np.array_equal(view, image) for view in flipped]
  assert np.all(np.logical_xor(mirrored, same))
  assert 150 < sum(mirrored) < 250  # 200 expected, standard deviation 10.


def _box(uniforms, height, width, area, aspect):
  """The box of a random-resized crop, by loops."""
  for u in uniforms:
    pixels = (area[0] + u[0] * (area[1] - area[0])) * height * width
    logs = np.log(aspect)
    ratio = np.exp(logs[0] + u[1] * (logs[1] - logs[0]))
    h, w = round(np.sqrt(pixels / ratio)), round(np.sqrt(pixels * ratio))
    if 0 < h <= height and 0 < w <= width:
      return int(u[2] * (height - h + 1)), int(u[3] * (width - w + 1)), h, w
  raise AssertionError('no try fits')


def test_the_host_and_the_device_draw_the_same_box(rng):
  device_box = jax.jit(
      lambda u: geometry.resized_box(
          u, 30, 40, area=(0.08, 1.0), aspect=(0.75, 4 / 3)
      )
  )
  boxes = set()
  for _ in range(50):
    # Eighths of a thousand: far from where float32 and float64 round apart.
    uniforms = rng.random((10, 4)).astype(np.float32).astype(np.float64)
    want = _box(uniforms, 30, 40, (0.08, 1.0), (0.75, 4 / 3))
    got = geometry.resized_box(
        uniforms, 30, 40, area=(0.08, 1.0), aspect=(0.75, 4 / 3)
    )
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(device_box(jnp.asarray(uniforms)), want)
    top, left, height, width = want
    assert top + height <= 30 and left + width <= 40
    boxes.add(want)
  assert len(boxes) > 40


def test_where_no_box_fits_the_largest_allowed_one_in_the_middle_is_taken():
  # A strip of 4 x 40 whose area no ratio up to 2 can have.
  box = geometry.resized_box(
      np.full((10, 4), 0.5), 4, 40, area=(1.0, 1.0), aspect=(0.5, 2.0)
  )
  np.testing.assert_array_equal(box, [0, 16, 4, 8])


def _resized(image, box, size):
  """Bilinear resampling with a widened triangle, in float64, by loops."""
  top, left, height, width = box

  def weights(start, length, total):
    scale = length / size
    support = max(scale, 1.0)
    rows = np.zeros((size, total))
    for out in range(size):
      centre = start + (out + 0.5) * scale
      for i in range(total):
        rows[out, i] = max(0.0, 1 - abs(i + 0.5 - centre) / support)
      rows[out] /= rows[out].sum()
    return rows

  down = weights(top, height, image.shape[0])
  across = weights(left, width, image.shape[1])
  return np.einsum('ah,bw,hwc->abc', down, across, image.astype(np.float64))


def test_a_resized_crop_is_the_box_resampled(rng):
  image = _image(rng, 12, 12)
  crop = jax.jit(
      lambda k: geometry.random_resized_crop(
          k, image, size=5, area=(0.2, 1.0), aspect=(0.75, 4 / 3)
      )
  )
  for seed in range(4):
    key = jax.random.key(seed)
    uniforms = np.asarray(jax.random.uniform(key, (geometry.TRIES, 4)))
    box = _box(uniforms, 12, 12, (0.2, 1.0), (0.75, 4 / 3))
    np.testing.assert_allclose(
        crop(key), _resized(image, box, 5), rtol=1e-5, atol=1e-3
    )


def test_the_whole_image_at_its_own_size_is_the_image(rng):
  image = _image(rng, 6, 6)
  crop = jax.jit(
      lambda key: geometry.random_resized_crop(
          key, image, area=(1.0, 1.0), aspect=(1.0, 1.0)
      )
  )
  view = crop(jax.random.key(0))
  np.testing.assert_allclose(view, image, atol=1e-3)
