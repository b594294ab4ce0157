import numpy as np
import pytest

from lsl_jax.data import dataset
from lsl_jax.data.classes import check, splits

SPLIT = splits.ClassSplit((0,), (1,), (2, 3))


def _dataset(train, test):
  """A data set with so many training and test images of each class."""
  labels = np.concatenate(
      [np.repeat(np.arange(len(counts)), counts) for counts in (train, test)]
  )
  return dataset.Dataset(
      'zoo',
      np.zeros((len(labels), 1, 1, 3), np.uint8),
      labels,
      ('ant', 'bee', 'cat', 'dog'),
      np.arange(len(labels)) < sum(train),
  )


def test_classes_with_just_enough_images_pass():
  data = _dataset((1, 5, 5, 5), (1, 2, 2, 2))
  assert check.check(data, SPLIT, shots=5, queries=2) == SPLIT
  pooled = _dataset((1, 7, 4, 0), (0, 0, 3, 7))
  assert check.check(pooled, SPLIT, shots=5, queries=2, pooled=True) == SPLIT


@pytest.mark.parametrize(
    ('train', 'test', 'message'),
    [
        ((1, 5, 4, 5), (1, 2, 2, 2), "novel class 'cat' has 4 training .* 5"),
        ((1, 5, 5, 5), (1, 2, 2, 1), "novel class 'dog' has 1 test .* are 2"),
        ((1, 4, 5, 5), (1, 2, 2, 2), "the validation class 'bee' has 4 train"),
        ((1, 5, 5, 0), (1, 2, 2, 0), "the novel class 'dog' has no images"),
        ((0, 5, 5, 5), (1, 2, 2, 2), "base class 'ant' has 0 training images"),
        ((1, 5, 5, 5), (0, 2, 2, 2), "the base class 'ant' has 0 test images"),
        ((1, 5, 1, 1), (1, 2, 2, 2), r"class 'cat' .*\(2 such classes\)"),
    ],
)
def test_a_class_with_too_few_images_is_named(train, test, message):
  with pytest.raises(ValueError, match=rf"'zoo': .*{message}"):
    check.check(_dataset(train, test), SPLIT, shots=5, queries=2)


def test_episodes_need_shots_and_queries_together():
  data = _dataset((1, 7, 3, 7), (0, 0, 3, 0))
  with pytest.raises(
      ValueError, match="'cat' has 6 images, needed are 7: 5 to"
  ):
    check.check(data, SPLIT, shots=5, queries=2, pooled=True)


def test_small_classes_are_left_out_and_counted_where_asked():
  data = _dataset((1, 1, 5, 1), (1, 2, 2, 2))
  split = splits.ClassSplit((0,), (), (1, 2, 3))
  with pytest.warns(
      UserWarning, match=r"left out 2 classes .*class 'bee' has 1"
  ):
    kept = check.check(data, split, shots=5, queries=2, bad='skip')
  assert kept == splits.ClassSplit((0,), (), (2,))


def test_a_part_never_loses_all_of_its_classes():
  data = _dataset((1, 5, 1, 1), (1, 2, 2, 2))
  with pytest.raises(
      ValueError, match=r"no novel class has enough .*: .*'cat'"
  ):
    check.check(data, SPLIT, shots=5, queries=2, bad='skip')


def test_a_class_out_of_range_and_an_unknown_policy_are_refused():
  data = _dataset((1, 5, 5, 5), (1, 2, 2, 2))
  split = splits.ClassSplit((0,), (), (4,))
  with pytest.raises(ValueError, match=r'novel class 4 is not in 0\.\.3'):
    check.check(data, split, shots=1)
  with pytest.raises(ValueError, match='bad must be one of error, skip'):
    check.check(data, SPLIT, shots=1, bad='ignore')
