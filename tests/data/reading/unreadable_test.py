import numpy as np
import pytest

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.reading import encoded, unreadable


class _Images(encoded.Encoded):

  def __len__(self):
    return 4

  def __getitem__(self, index):
    if index in (1, 3):
      raise encoded.ImageError(f'file {index}: broken')
    return np.full((1, 1, 3), index, np.uint8)


def _dataset(images):
  return dataset_lib.Dataset(
      'toy', images, np.arange(4), tuple('abcd'), np.arange(4) < 2
  )


def test_an_unreadable_image_is_named():
  with pytest.raises(encoded.ImageError, match='file 1: broken'):
    unreadable.drop(_dataset(_Images()), threads=1)


def test_unreadable_images_are_dropped_without_reading_the_others_again():
  with pytest.warns(UserWarning, match=r'skipped 2 of 4.*file 1: broken'):
    data = unreadable.drop(_dataset(_Images()), bad='skip')
  np.testing.assert_array_equal(data.labels, [0, 2])
  np.testing.assert_array_equal(data.is_train, [True, False])
  assert [int(image[0, 0, 0]) for image in data.images] == [0, 2]


def test_an_array_is_given_back():
  data = _dataset(np.zeros((4, 1, 1, 3), np.uint8))
  assert unreadable.drop(data) is data


def test_another_error_is_never_skipped():
  def work(i):
    raise ZeroDivisionError(str(i))

  with pytest.raises(ZeroDivisionError):
    unreadable.each(3, work, threads=2, skip=True)
