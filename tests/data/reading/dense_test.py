import io

import numpy as np
from PIL import Image
import pytest

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.reading import dense, encoded


def _dataset(images):
  count = len(images)
  return dataset_lib.Dataset(
      'toy',
      images,
      np.arange(count) % 2,
      ('a', 'b'),
      np.arange(count) < count // 2,
  )


def _pack(pixels, broken=()):
  files = []
  for i, image in enumerate(pixels):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, 'PNG')
    files.append(stream.getvalue()[: 30 if i in broken else None])
  return encoded.Pack(
      np.frombuffer(b''.join(files), np.uint8),
      np.cumsum([0] + [len(f) for f in files]),
      'toy.npz',
  )


def test_an_array_of_the_right_size_is_only_cropped(rng):
  images = rng.integers(0, 256, (5, 6, 6, 3), dtype=np.uint8)
  got = dense.to_array(images, [3, 1], size=2, resize=6)
  np.testing.assert_array_equal(got, images[[3, 1], 2:4, 2:4])


def test_lazy_and_array_images_give_the_same(rng):
  images = rng.integers(0, 256, (3, 6, 6, 3), dtype=np.uint8)
  for resize in (6, 8):
    np.testing.assert_array_equal(
        dense.to_array(_pack(images), size=4, resize=resize),
        dense.to_array(images, size=4, resize=resize),
    )


def test_both_sides_are_brought_to_the_size_whatever_the_aspect():
  image = np.zeros((20, 40, 3), np.uint8)
  image[:, 20:] = 255
  got = dense.to_array([image], size=10)[0]
  assert got.shape == (10, 10, 3)
  assert (got[:, :4] == 0).all()
  assert (got[:, 6:] == 255).all()


def test_the_shorter_side_is_brought_to_the_size_where_the_aspect_is_kept():
  image = np.zeros((20, 40, 3), np.uint8)
  image[:, 10:30] = 255  # all of what the centre crop keeps
  got = dense.to_array([image], size=10, keep_aspect=True)[0]
  assert (got[:, 1:-1] == 255).all()
  upright = dense.to_array([image.swapaxes(0, 1)], size=10, keep_aspect=True)
  np.testing.assert_array_equal(upright[0].swapaxes(0, 1), got)


def test_shrinking_averages_all_pixels():
  image = np.indices((64, 64)).sum(0) % 2 * 255  # a chessboard
  image = np.repeat(image[..., None], 3, -1).astype(np.uint8)
  got = dense.to_array([image], size=8)
  assert np.abs(got.astype(int) - 127).max() <= 2


@pytest.mark.parametrize('threads', [1, 3])
def test_rows_are_in_order_of_the_indices_for_any_number_of_threads(threads):
  images = [np.full((2, 3, 3), i, np.uint8) for i in range(100)]
  indices = np.arange(100)[::-1]
  got = dense.to_array(images, indices, size=2, threads=threads)
  np.testing.assert_array_equal(got[:, 0, 0, 0], indices)


def test_no_images_give_an_empty_array():
  images = [np.zeros((2, 2, 3), np.uint8)]
  assert dense.to_array(images, [], size=4).shape == (0, 4, 4, 3)


def test_a_broken_image_stops_and_is_named(rng):
  pixels = rng.integers(0, 256, (4, 5, 5, 3), dtype=np.uint8)
  with pytest.raises(encoded.ImageError, match=r'toy\.npz, image 2: '):
    dense.to_array(_pack(pixels, broken={2}), size=5)
  with pytest.raises(encoded.ImageError, match=r'toy\.npz, image 2: '):
    dense.to_dataset(_dataset(_pack(pixels, broken={2})), size=5)


def test_broken_images_are_left_out_with_their_labels_and_counted(rng):
  pixels = rng.integers(0, 256, (6, 5, 5, 3), dtype=np.uint8)
  data = _dataset(_pack(pixels, broken={1, 4}))
  with pytest.warns(UserWarning, match="'toy': skipped 2 of 6.*image 1: "):
    got = dense.to_dataset(data, size=5, bad='skip')
  keep = [0, 2, 3, 5]
  np.testing.assert_array_equal(got.images, pixels[keep])
  np.testing.assert_array_equal(got.labels, data.labels[keep])
  np.testing.assert_array_equal(got.is_train, data.is_train[keep])


def test_where_nothing_can_be_read_skipping_is_an_error(rng):
  pixels = rng.integers(0, 256, (2, 5, 5, 3), dtype=np.uint8)
  data = _dataset(_pack(pixels, broken={0, 1}))
  with pytest.raises(encoded.ImageError, match='none of its 2 images'):
    dense.to_dataset(data, size=5, bad='skip')


def test_a_whole_data_set_keeps_its_labels(rng):
  pixels = rng.integers(0, 256, (4, 5, 5, 3), dtype=np.uint8)
  data = _dataset(_pack(pixels))
  got = dense.to_dataset(data, size=5)
  np.testing.assert_array_equal(got.images, pixels)
  np.testing.assert_array_equal(got.labels, data.labels)


def test_wrong_arguments_are_refused():
  images = np.zeros((1, 4, 4, 3), np.uint8)
  with pytest.raises(ValueError, match='size=8 and resize=4'):
    dense.to_array(images, size=8, resize=4)
  with pytest.raises(ValueError, match="one of error, skip, got 'ignore'"):
    dense.to_dataset(_dataset(images), size=4, bad='ignore')
  with pytest.raises(IndexError):
    dense.to_array(_pack(images), [1], size=4)
