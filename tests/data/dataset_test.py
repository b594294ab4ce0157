import numpy as np
import pytest

from lsl_jax.data import dataset


def _make(**changes):
  fields = {
      'name': 'toy',
      'images': np.zeros((4, 2, 2, 3), np.uint8),
      'labels': np.array([0, 1, 1, 0]),
      'class_names': ('cat', 'dog'),
      'is_train': np.array([True, True, False, False]),
  }
  return dataset.Dataset(**{**fields, **changes})


def test_labels_become_int32_and_the_length_is_the_number_of_images():
  data = _make()
  assert data.labels.dtype == np.int32
  assert (len(data), data.num_classes) == (4, 2)


def test_indices_are_those_of_the_asked_classes_in_the_asked_part():
  data = _make()
  np.testing.assert_array_equal(data.indices([0], train=True), [0])
  np.testing.assert_array_equal(data.indices([1, 0], train=False), [2, 3])
  assert data.indices([], train=True).size == 0


def test_indices_refuse_a_class_that_is_not_there():
  with pytest.raises(ValueError, match=r"'toy': there is no class 2.*0 \.\. 1"):
    _make().indices([0, 2], train=True)


def test_images_of_different_sizes_come_as_a_sequence():
  images = [np.zeros((h, 3, 3), np.uint8) for h in (1, 2, 3, 4)]
  assert len(_make(images=images)) == 4


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'labels': np.array([0, 1, 2, 0])}, r'image 2 has label 2.*0 \.\. 1'),
        ({'labels': np.array([0, -1, 1, 0])}, r'image 1 has label -1'),
        ({'labels': np.zeros(4)}, r'integers, got float64'),
        ({'labels': np.zeros((4, 1), int)}, r'shape \(4, 1\)'),
        ({'is_train': np.ones(3, bool)}, r'is_train must be \(4,\) bool'),
        ({'is_train': np.ones(4, int)}, r'got int64'),
        ({'images': np.zeros((3, 2, 2, 3), np.uint8)}, '3 images but 4 labels'),
        ({'images': np.zeros((4, 2, 2, 3))}, r'uint8 \[M, H, W, 3\]'),
        ({'images': np.zeros((4, 2, 2, 1), np.uint8)}, r'\(4, 2, 2, 1\)'),
        ({'class_names': ('dog', 'dog')}, r"two classes are called 'dog'"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(changes, message):
  with pytest.raises(ValueError, match=message) as error:
    _make(**changes)
  assert "data set 'toy'" in str(error.value)
