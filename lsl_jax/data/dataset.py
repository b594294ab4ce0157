"""What every source of images is turned into: one labelled data set."""

import collections
from collections.abc import Iterable, Sequence
import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Dataset:
  """Labelled images, each in the training or in the test part.

  Attributes:
    name: what the data set is called in reports and messages.
    images: M images. `images[i]` is a uint8 `[h, w, 3]` array, of any size; all
      of them may also be one uint8 array `[M, H, W, 3]`. A lazy sequence is not
      read here, only its length is.
    labels: `[M]` int32 class indices in 0 .. C - 1.
    class_names: the C names, in order of the class indices, all different.
    is_train: `[M]` bool, True for the training part, False for the test part.

  Raises:
    ValueError: if the parts do not fit together; the message names the data
      set, and the image and the label or the class that is wrong.
  """

  name: str
  images: np.ndarray | Sequence[np.ndarray]
  labels: np.ndarray
  class_names: tuple[str, ...]
  is_train: np.ndarray

  def __post_init__(self):
    labels = np.asarray(self.labels)
    is_train = np.asarray(self.is_train)
    class_names = tuple(self.class_names)
    if labels.ndim != 1 or (labels.size and labels.dtype.kind not in 'iu'):
      raise self._error(
          'labels must be [M] integers, got '
          f'{labels.dtype} of shape {labels.shape}'
      )
    if is_train.shape != labels.shape or is_train.dtype != bool:
      raise self._error(
          f'is_train must be {labels.shape} bool as labels are, got '
          f'{is_train.dtype} of shape {is_train.shape}'
      )
    if len(self.images) != len(labels):
      raise self._error(f'{len(self.images)} images but {len(labels)} labels')
    if isinstance(self.images, np.ndarray) and (
        self.images.dtype != np.uint8 or self.images.shape[3:] != (3,)
    ):
      raise self._error(
          'images in one array must be uint8 [M, H, W, 3], got '
          f'{self.images.dtype} of shape {self.images.shape}'
      )
    counts = collections.Counter(class_names)
    if repeated := [name for name, count in counts.items() if count > 1]:
      raise self._error(f'two classes are called {repeated[0]!r}')
    wrong = np.flatnonzero((labels < 0) | (labels >= len(class_names)))
    if wrong.size:
      raise self._error(
          f'image {wrong[0]} has label {labels[wrong[0]]}, accepted are 0 .. '
          f'{len(class_names) - 1} ({len(class_names)} class names)'
      )
    # A frozen dataclass sets its converted fields through object.
    object.__setattr__(self, 'labels', labels.astype(np.int32))
    object.__setattr__(self, 'is_train', is_train)
    object.__setattr__(self, 'class_names', class_names)

  def _error(self, what: str) -> ValueError:
    return ValueError(f'data set {self.name!r}: {what}')

  def __len__(self) -> int:
    return len(self.labels)

  def __repr__(self) -> str:
    return (
        f'Dataset({self.name!r}, {len(self)} images, {self.num_classes} '
        f'classes, {int(self.is_train.sum())} for training)'
    )

  @property
  def num_classes(self) -> int:
    """How many classes there are, C."""
    return len(self.class_names)

  def indices(self, classes: Iterable[int], *, train: bool) -> np.ndarray:
    """The images of some classes in one part, in order of the images.

    Args:
      classes: class indices, in any order.
      train: whether to look in the training or in the test part.

    Returns:
      `[m]` int64 indices of images, ascending.

    Raises:
      ValueError: if a class index is out of range.
    """
    classes = np.asarray(tuple(classes), np.int64)
    wrong = classes[(classes < 0) | (classes >= self.num_classes)]
    if wrong.size:
      raise self._error(
          f'there is no class {wrong[0]}, accepted are 0 .. '
          f'{self.num_classes - 1}'
      )
    chosen = np.isin(self.labels, classes) & (self.is_train == train)
    return np.flatnonzero(chosen)
