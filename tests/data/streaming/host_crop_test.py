"""Resize and crop on the host."""

import numpy as np
from PIL import Image
import pytest

from lsl_jax.data.augmentation import augment_spec
from lsl_jax.data.reading import encoded
from lsl_jax.data.streaming import host_crop


def _image(height=20, width=30):
  """A smooth image: rounding to bytes is then the only difference."""
  rows, columns = np.mgrid[:height, :width]
  channels = [5 * rows, 7 * columns, 3 * rows + 2 * columns]
  return np.stack(channels, axis=-1).astype(np.uint8)


def _uniforms(first):
  return np.tile(first, (10, 1)).astype(np.float64)


def test_resize_then_crop_is_done_in_one_step():
  image = _image()
  crop = host_crop.Crop(augment_spec.Spec(crop='random', size=10), resize=16)
  resized = np.asarray(
      Image.fromarray(image).resize((16, 16), Image.Resampling.BILINEAR)
  )
  for row, column in ((0.0, 0.99), (0.5, 0.2)):
    top, left = int(row * 7), int(column * 7)
    got = crop(image, _uniforms([row, column, 0, 0]))
    want = resized[top : top + 10, left : left + 10]
    assert got.dtype == np.uint8
    np.testing.assert_allclose(got.astype(int), want, atol=1)


def test_the_shorter_side_can_be_resized_with_the_aspect_kept():
  whole = host_crop.Crop(augment_spec.Spec(), resize=10, keep_aspect=True)
  assert whole(_image(), _uniforms([0] * 4)).shape == (10, 15, 3)
  centre = host_crop.Crop(
      augment_spec.Spec(crop='centre', size=8), resize=10, keep_aspect=True
  )
  want = np.asarray(
      Image.fromarray(_image()).resize((15, 10), Image.Resampling.BILINEAR)
  )[1:9, 3:11]
  got = centre(_image(), _uniforms([0] * 4))
  np.testing.assert_allclose(got.astype(int), want, atol=1)


def test_without_resizing_pixels_are_taken_as_they_are():
  image = _image()
  crop = host_crop.Crop(augment_spec.Spec(crop='random', size=18))
  got = crop(image, _uniforms([0.999, 0.5, 0, 0]))
  np.testing.assert_array_equal(got, image[2:20, 6:24])
  whole = host_crop.Crop(augment_spec.Spec())
  np.testing.assert_array_equal(whole(image, _uniforms([0] * 4)), image)


def test_a_resized_crop_is_a_box_of_the_stored_image():
  image = _image()
  crop = host_crop.Crop(
      augment_spec.Spec(
          crop='resized', size=6, area=(0.24, 0.24), aspect=(1, 1)
      )
  )
  # A square of 0.24 x 600 pixels has sides of 12 and 9 x 19 places to start.
  got = crop(image, _uniforms([0, 0, 0.5, 0.99]))
  want = Image.fromarray(image).resize(
      (6, 6), Image.Resampling.BILINEAR, box=(18, 4, 30, 16)
  )
  np.testing.assert_array_equal(got, want)


def test_a_crop_that_does_not_fit_is_refused():
  with pytest.raises(ValueError, match=r'crop of 20 .* resize=16'):
    host_crop.Crop(augment_spec.Spec(crop='random', size=20), resize=16)
  with pytest.raises(ValueError, match='padding=2 is for images in memory'):
    host_crop.Crop(augment_spec.Spec(crop='random', size=20, padding=2))
  crop = host_crop.Crop(augment_spec.Spec(crop='random', size=24))
  with pytest.raises(
      encoded.ImageError, match=r'24 .* into 20 x 30; set resize'
  ):
    crop(_image(), _uniforms([0] * 4))
