"""Draws of the low-shot benchmark, as its authors distribute them.

A JSON file is a draw: a list for each class, in the order in which the lists'
file counts classes (`low_shot_lists.class_order`), of images of that class, as
positions among all training images sorted by class in the same order.

Which image of its class a position is depends on the order of a class's images.
That is the authors' own with their feature files, or with images in the order
of their train.json. Any other data set (TFDS shuffles) gives as many images of
the same classes, the same for every method and shots, but not the authors'.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.1 and supplement.
"""

from collections.abc import Sequence
import json
import os
import pathlib

import numpy as np

SOURCE = (
    'the lists and draws of ImageNet are in the repository'
    ' facebookresearch/low-shot-shrink-hallucinate'
)


def read_draws(
    paths: Sequence[str | os.PathLike[str]],
    labels: np.ndarray,
    is_train: np.ndarray,
    classes: Sequence[int],
    shots: int,
    *,
    order: Sequence[int],
) -> np.ndarray:
  """Reads which training images of some classes each trial draws.

  Args:
    paths: a file a trial.
    labels: `[M]` int, classes in the data set's own numbering.
    is_train: `[M]` bool.
    classes: which are wanted, in that numbering.
    shots: how many images of each, the first of the file's.
    order: of the file's classes, in that numbering.

  Returns:
    `[T, N, K]` int64 indices of images.

  Raises:
    FileNotFoundError: a file does not exist.
    ValueError: a file is no such list, is for other classes or other numbers of
      images (of any class, wanted or not), or holds too few; names the file and
      the class.
  """
  labels = np.asarray(labels)
  row = np.full(max(*order, *classes, labels.max(initial=0)) + 1, -1)
  row[list(order)] = np.arange(len(order))
  train = np.flatnonzero(np.asarray(is_train) & (row[labels] >= 0))
  by_class = train[np.argsort(row[labels[train]], kind='stable')]
  sizes = np.bincount(row[labels[train]], minlength=len(order))
  wanted = row[list(classes)]
  if (wanted < 0).any():
    raise ValueError(
        f'class {classes[int(np.argmin(wanted))]} is none of the'
        f' {len(order)} classes of the draws'
    )
  draws = []
  for path in paths:
    rows = _read(pathlib.Path(path), len(order))
    _check(path, rows, sizes, order)
    for r in wanted:
      if len(rows[r]) < shots:
        raise ValueError(
            f'{path}: class {order[r]} has {len(rows[r])} images, needed are'
            f' {shots}'
        )
    draws.append(by_class[np.stack([rows[r][:shots] for r in wanted])])
  return np.stack(draws)


def _read(path: pathlib.Path, num_classes: int) -> list[np.ndarray]:
  """The positions of each class."""
  if not path.is_file():
    raise FileNotFoundError(f'the draw {path} does not exist; {SOURCE}')
  try:
    rows = json.loads(path.read_text('utf-8'))
    arrays = [np.asarray(row) for row in rows]
  except (RecursionError, TypeError, ValueError) as error:
    raise _no_draw(path, num_classes, repr(error)) from error
  if not isinstance(rows, list) or len(rows) != num_classes:
    raise _no_draw(path, num_classes, f'{len(rows)} in a {type(rows).__name__}')
  for i, array in enumerate(arrays):
    if array.ndim != 1 or (array.size and array.dtype.kind not in 'iu'):
      raise _no_draw(path, num_classes, f'list {i} holds no positions')
  return [array.astype(np.int64) for array in arrays]


def _no_draw(path: pathlib.Path, num_classes: int, found: str) -> ValueError:
  return ValueError(
      f'{path} must be a JSON list of one list of image positions for each of'
      f' the {num_classes} classes ({found}); {SOURCE}'
  )


def _check(
    path: str | os.PathLike[str],
    rows: Sequence[np.ndarray],
    sizes: np.ndarray,
    order: Sequence[int],
) -> None:
  """Every class's positions are where its images are.

  The classes that are not wanted are looked at too: where the order or a size
  differs, the draw of a class of a thousand images may still look right.
  """
  ends = np.cumsum(sizes)
  for r, (positions, size, end) in enumerate(
      zip(rows, sizes, ends, strict=True)
  ):
    inside = (positions >= end - size) & (positions < end)
    if not inside.all():
      raise ValueError(
          f'{path}: the images of class {order[r]} are not of that class here:'
          f' the file has position {positions[~inside][0]}, its {size} training'
          f' images are at {end - size}..{end - 1}. The file is for a data set'
          ' whose classes have another order or other sizes: all training'
          ' images of all classes must be there, and data.split must be the'
          f' file of lists that the draws belong to; {SOURCE}'
      )
