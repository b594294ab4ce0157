"""A data set that holds features where others have images."""

import json
import os
import pathlib
from typing import Any

import numpy as np

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.classes import low_shot_lists
from lsl_jax.data.reading import feature_files, image_split


class FeatureRows:
  """M rows of features in the place of M images; it is no array of images.

  Attributes:
    features: `[M, D]` float.
    classifier: `[C, D]` rows of the network's own classifier, or None.
  """

  def __init__(self, features: np.ndarray, classifier: np.ndarray | None):
    self.features = features
    self.classifier = classifier

  def select(self, indices: np.ndarray) -> 'FeatureRows':
    """Some of the rows."""
    return FeatureRows(self.features[indices], self.classifier)

  def __len__(self) -> int:
    return len(self.features)

  def __getitem__(self, index: int) -> np.ndarray:
    raise TypeError('this data set holds features, not images')


def load(
    path: str | os.PathLike[str],
    *,
    seed: int = 0,
    test: str | None = None,
    test_fraction: float = 0.5,
    class_names: str | os.PathLike[str] | None = None,
    name: str | None = None,
) -> dataset_lib.Dataset:
  """Reads features as a data set.

  Args:
    path: a file of `feature_files`.
    seed: of the division into training and test where the file has none.
    test: a second file, of test images.
    test_fraction: of each class, where the file has no division.
    class_names: a `.json` file whose `label_names` are the classes in the order
      of the labels, for a file of features without names (HDF5); the authors'
      label_idx.json for their features.
    name: of the data set; the file's name if None.

  Returns:
    A data set whose `images` are `FeatureRows`.

  Raises:
    FileNotFoundError: a file does not exist.
    ImportError: an HDF5 file without h5py.
    ValueError: a file is damaged, or its arrays or names do not fit together.
  """
  found = feature_files.read(path, test)
  is_train = found.is_train
  if is_train.all():
    is_train = image_split.by_fraction(
        found.labels, test_fraction=test_fraction, seed=seed
    )
  largest = int(found.labels.max()) if found.labels.size else -1
  rows: Any = FeatureRows(found.features, found.classifier)
  names = found.class_names or tuple(str(i) for i in range(largest + 1))
  if class_names:
    if found.class_names:
      raise ValueError(f'{path} has class_names of its own; give no other ones')
    names = _read_names(pathlib.Path(class_names))
  try:
    return dataset_lib.Dataset(
        name or pathlib.Path(path).stem,
        rows,
        found.labels,
        names,
        is_train,
    )
  except ValueError as error:
    raise ValueError(f'{path}: {error}') from error


def _read_names(path: pathlib.Path) -> tuple[str, ...]:
  """The `label_names` of a JSON file."""
  if not path.is_file():
    raise FileNotFoundError(f'the file of class names {path} does not exist')
  try:
    fields = json.loads(path.read_text('utf-8'))
  except (RecursionError, ValueError) as error:
    raise ValueError(f'{path} is not valid JSON: {error}') from error
  names = (
      low_shot_lists.label_names(fields, where=str(path))
      if isinstance(fields, dict)
      else None
  )
  if names is None:
    raise ValueError(f'{path} must hold an object with the key label_names')
  return tuple(names)
