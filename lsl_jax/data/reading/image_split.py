"""Division of images into a training and a test part."""

import numpy as np


def by_fraction(
    labels: np.ndarray, *, test_fraction: float, seed: int
) -> np.ndarray:
  """Divides the images of each class at random.

  A class's division depends on the seed, its index and its number of images
  alone, so further classes leave it as it is. A class of two or more images
  keeps at least one in each part, unless the fraction is 0 or 1; a single image
  is for training.

  Args:
    labels: `[M]` int class indices.
    test_fraction: part of each class that is for testing, 0 to 1.
    seed: of the random choice, at least 0.

  Returns:
    `[M]` bool, True for training.

  Raises:
    ValueError: the fraction is out of range.

  >>> by_fraction(np.array([0, 0, 1, 1, 1]), test_fraction=0.0, seed=0).all()
  np.True_
  """
  if not 0 <= test_fraction <= 1:
    raise ValueError(f'test_fraction must be in 0 .. 1, got {test_fraction}')
  labels = np.asarray(labels)
  is_train = np.ones(len(labels), bool)
  for label in np.unique(labels[labels >= 0]):
    members = np.flatnonzero(labels == label)
    count = round(len(members) * test_fraction)
    if 0 < test_fraction < 1:
      count = min(max(count, 1), len(members) - 1)
    rng = np.random.default_rng([seed, int(label)])
    is_train[rng.permutation(members)[:count]] = False
  return is_train
