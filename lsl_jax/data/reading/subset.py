"""A part of a data set, without copying or decoding its images."""

from collections.abc import Sequence
import dataclasses
import operator
from typing import Any

import numpy as np

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.reading import feature_rows


class Subset(Sequence):
  """Some images of a sequence, by position.

  Attributes:
    images: the sequence that they are in.
    indices: `[m]` int64 positions in it.
  """

  def __init__(self, images: Sequence[np.ndarray], indices: np.ndarray):
    self.images = images
    self.indices = np.asarray(indices, np.int64)

  def __len__(self) -> int:
    return len(self.indices)

  def __getitem__(self, index) -> np.ndarray:  # pyrefly: ignore[bad-override]
    return self.images[int(self.indices[operator.index(index)])]


def select(dataset: dataset_lib.Dataset, keep: Any) -> dataset_lib.Dataset:
  """The data set with some of its images, all of its classes.

  Args:
    dataset: the images; an array is copied, a lazy sequence only wrapped.
    keep: `[m]` indices of images, or `[M]` bool.

  Returns:
    A data set of m images with the same class names.

  Raises:
    IndexError: an index is out of range.
  """
  indices = np.arange(len(dataset))[np.asarray(keep)]
  images: Any = dataset.images
  selected: Any = Subset(images, indices)
  if isinstance(images, feature_rows.FeatureRows):
    selected = images.select(indices)
  elif isinstance(images, np.ndarray):
    selected = images[indices]
  return dataclasses.replace(
      dataset,
      images=selected,
      labels=dataset.labels[indices],
      is_train=dataset.is_train[indices],
  )
