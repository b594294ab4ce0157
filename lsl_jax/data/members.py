"""The images of each class as one table, and what samplers refuse."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def table(
    labels: np.ndarray, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Images of each class, `[C, largest]` int32 padded with -1, and sizes."""
  order = np.argsort(labels, kind='stable')
  starts = np.searchsorted(labels[order], classes, side='left')
  sizes = np.searchsorted(labels[order], classes, side='right') - starts
  rows = np.full((len(classes), max(1, sizes.max())), -1, np.int32)
  for row, (start, size) in enumerate(zip(starts, sizes, strict=True)):
    rows[row, :size] = order[start : start + size]
  return rows, sizes.astype(np.int32)


def check_labels(labels: Any) -> np.ndarray:
  """Labels as a NumPy vector of integers."""
  labels = np.asarray(labels)
  if labels.ndim != 1 or labels.dtype.kind not in 'iu' or not labels.size:
    raise ValueError(
        'Labels are a non-empty vector of integers, one an image; got'
        f' {labels.dtype} of shape {labels.shape}.'
    )
  return labels


def check_counts(**counts: int) -> None:
  """Refuses a number of things that is below one."""
  for name, count in counts.items():
    if count < 1:
      raise ValueError(f'{name} must be at least 1, got {count}.')


def check_sizes(
    sizes: np.ndarray,
    needed: int,
    why: str,
    classes: np.ndarray,
    class_names: Sequence[str] | None,
) -> None:
  """Refuses a class with too few images, naming it."""
  small = np.flatnonzero(sizes < needed)
  if not len(small):
    return
  label = int(classes[small[0]])
  name = str(label) if class_names is None else f'{label} {class_names[label]}'
  others = f' ({len(small)} classes have too few)' * (len(small) > 1)
  raise ValueError(
      f'Class {name} has {sizes[small[0]]} images, {why} need'
      f' {needed}{others}.'
  )
