import numpy as np
import pytest

from lsl_jax.data.reading import image_split


def test_each_class_gives_its_share_to_the_test_part():
  labels = np.repeat([0, 1, 2], [10, 20, 4])
  train = image_split.by_fraction(labels, test_fraction=0.3, seed=0)
  np.testing.assert_array_equal(np.bincount(labels[~train]), [3, 6, 1])


def test_two_images_go_to_both_parts_and_a_single_one_to_training():
  labels = np.array([0, 0, 1])
  for fraction in (0.01, 0.99):
    train = image_split.by_fraction(labels, test_fraction=fraction, seed=0)
    assert train[:2].sum() == 1
    assert train[2]


def test_the_seed_decides_and_other_classes_do_not_matter():
  labels = np.repeat([0, 1], 50)
  one = image_split.by_fraction(labels, test_fraction=0.5, seed=1)
  two = image_split.by_fraction(labels, test_fraction=0.5, seed=2)
  assert (one != two).any()
  more = np.concatenate([labels, np.full(7, 2)])
  again = image_split.by_fraction(more, test_fraction=0.5, seed=1)
  np.testing.assert_array_equal(again[:100], one)


def test_the_whole_range_and_no_more_is_accepted():
  labels = np.zeros(4, int)
  assert image_split.by_fraction(labels, test_fraction=0.0, seed=0).all()
  assert not image_split.by_fraction(labels, test_fraction=1.0, seed=0).any()
  with pytest.raises(ValueError, match=r'in 0 \.\. 1, got 1\.5'):
    image_split.by_fraction(labels, test_fraction=1.5, seed=0)
