"""Class lists and draws of the low-shot benchmark, as its authors keep them.

Lists: a JSON object with `base_classes_1`, `base_classes_2`, `novel_classes_1`
and `novel_classes_2`, class indices or names; the first halves are for tuning.
They may lie one level deeper, in one object by index and one by name. Draws: a
JSON list for each trial, of a list for each class of the data set, of images of
that class: positions among all training images sorted by class.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.1 and supplement.
"""

from collections.abc import Mapping, Sequence
import json
import os
import pathlib
from typing import Any

import numpy as np

SOURCE = (
    'the lists and draws of ImageNet are in the repository'
    ' facebookresearch/low-shot-shrink-hallucinate'
)
_HALVES = (
    'base_classes_1',
    'base_classes_2',
    'novel_classes_1',
    'novel_classes_2',
)


def as_split(
    fields: Mapping[str, Any], class_names: Sequence[str]
) -> dict[str, Any] | None:
  """Reads the lists as a class split.

  Args:
    fields: of a JSON file.
    class_names: of the data set.

  Returns:
    `base` (first half before second), `validation` and `novel`; None where the
    fields are something else. `base` begins with `len(base_classes_1)` classes,
    which is what `config.evaluation.first_base` must be.
  """
  levels = [fields, *(f for f in fields.values() if isinstance(f, Mapping))]
  found = [level for level in levels if all(half in level for half in _HALVES)]
  if not found:
    return None
  names = set(class_names)
  # By name where names are those of the data set, else by index.
  by_name = [level for level in found if names.issuperset(level[_HALVES[0]])]
  by_index = [
      level
      for level in found
      if all(isinstance(entry, int) for entry in level[_HALVES[0]])
  ]
  first, second, validation, novel = (
      [*by_name, *by_index, *found][0][half] for half in _HALVES
  )
  return {
      'base': [*first, *second],
      'validation': list(validation),
      'novel': list(novel),
  }


def read_draws(
    paths: Sequence[str | os.PathLike[str]],
    labels: np.ndarray,
    is_train: np.ndarray,
    classes: Sequence[int],
    shots: int,
) -> np.ndarray:
  """Reads which training images of some classes each trial draws.

  Args:
    paths: a file a trial.
    labels: `[M]` int, classes in the data set's own numbering.
    is_train: `[M]` bool.
    classes: which are wanted, in that numbering.
    shots: how many images of each, the first of the file's.

  Returns:
    `[T, N, K]` int64 indices of images.

  Raises:
    FileNotFoundError: a file does not exist.
    ValueError: a file is no such list, is for other classes, or holds too few
      images; names the file and the class.
  """
  labels = np.asarray(labels)
  train = np.flatnonzero(is_train)
  by_class = train[np.argsort(labels[train], kind='stable')]
  return np.stack(
      [_read_draw(path, labels, by_class, classes, shots) for path in paths]
  )


def _read_draw(path, labels, by_class, classes, shots) -> np.ndarray:
  path = pathlib.Path(path)
  if not path.is_file():
    raise FileNotFoundError(f'the draw {path} does not exist; {SOURCE}')
  try:
    rows = json.loads(path.read_text('utf-8'))
    chosen = [np.asarray(rows[c][:shots], np.int64) for c in classes]
  except (ValueError, TypeError, IndexError, KeyError) as error:
    raise ValueError(
        f'{path} must be a JSON list of one list of image positions for each of'
        f' the {labels.max() + 1} classes ({error!r}); {SOURCE}'
    ) from error
  drawn = np.zeros((len(classes), shots), np.int64)
  for place, (label, positions) in enumerate(zip(classes, chosen, strict=True)):
    if len(positions) < shots:
      raise ValueError(
          f'{path}: class {label} has {len(positions)} images, needed are'
          f' {shots}'
      )
    inside = (positions >= 0) & (positions < len(by_class))
    images = by_class[np.where(inside, positions, 0)]
    if not inside.all() or (labels[images] != label).any():
      raise ValueError(
          f'{path}: the images of class {label} are not of that class here; the'
          ' file is for a data set whose classes have another order or other'
          f' sizes; {SOURCE}'
      )
    drawn[place] = images
  return drawn
