import numpy as np
import pytest

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.reading import subset


def _dataset(images):
  return dataset_lib.Dataset(
      'toy', images, np.array([0, 1, 0]), ('a', 'b'), np.array([1, 0, 1], bool)
  )


@pytest.mark.parametrize('lazy', [False, True])
def test_a_selection_keeps_images_labels_and_parts_together(lazy):
  images = np.arange(3, dtype=np.uint8)[:, None, None, None].repeat(3, -1)
  data = subset.select(_dataset(list(images) if lazy else images), [2, 1])
  assert [int(image[0, 0, 0]) for image in data.images] == [2, 1]
  np.testing.assert_array_equal(data.labels, [0, 1])
  np.testing.assert_array_equal(data.is_train, [True, False])
  assert data.class_names == ('a', 'b')


def test_a_mask_selects_too_and_a_missing_image_is_refused():
  data = _dataset(np.zeros((3, 1, 1, 3), np.uint8))
  assert len(subset.select(data, np.array([True, False, True]))) == 2
  with pytest.raises(IndexError):
    subset.select(data, [3])
