"""Which classes and images a run learns and tests on, written beside it."""

import hashlib
import json
import os
import pathlib
from typing import Any

import numpy as np

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.classes import splits


def write(
    path: str | os.PathLike,
    dataset: dataset_lib.Dataset,
    split: splits.ClassSplit,
) -> None:
  """Writes which classes and images a run learns and tests on, as JSON.

  The file appears whole or not at all.

  Args:
    path: the file.
    dataset: the images; their labels enter as a hash, their division into
      training and test as the indices of the test images.
    split: the division of its classes.
  """
  path = pathlib.Path(path)
  text = json.dumps(_record(dataset, split), ensure_ascii=False)
  path.parent.mkdir(parents=True, exist_ok=True)
  partial = path.with_name(f'{path.name}.{os.getpid()}.tmp')
  partial.write_text(text.replace('], "', '],\n"') + '\n', 'utf-8')
  os.replace(partial, path)


def read(
    path: str | os.PathLike,
    dataset: dataset_lib.Dataset,
    split: splits.ClassSplit | None = None,
) -> splits.ClassSplit:
  """Reads the split of an earlier run and checks that it is about this data.

  Args:
    path: a file of `write`.
    dataset: the images as they are loaded now.
    split: the division of classes as it is configured now, if it is to be
      compared too.

  Returns:
    The division of classes in the file.

  Raises:
    FileNotFoundError: there is no such file.
    ValueError: it is damaged, or classes, labels, the test images or the split
      are not the same; the message names the file and what differs.
  """
  path = pathlib.Path(path)
  if not path.is_file():
    raise FileNotFoundError(f'the written split {path} does not exist')
  stored = splits.parse(path, path.read_text('utf-8'))
  found = splits.ClassSplit(
      *(tuple(stored.get(part, ())) for part in splits.PARTS)
  )
  now = _record(dataset, found if split is None else split)
  for key, value in now.items():
    if stored.get(key) != value:
      raise ValueError(
          f'{path} was written for other data: {key} differs (written:'
          f' {_brief(stored.get(key))}, now: {_brief(value)})'
      )
  return found


def _record(
    dataset: dataset_lib.Dataset, split: splits.ClassSplit
) -> dict[str, Any]:
  """What is written."""
  labels = np.ascontiguousarray(dataset.labels, '<i4')
  return {
      'data': dataset.name,
      'class_names': list(dataset.class_names),
      **{part: list(indices) for part, indices in split._asdict().items()},
      'num_images': len(labels),
      'labels_sha256': hashlib.sha256(labels.tobytes()).hexdigest(),
      'test_images': np.flatnonzero(~dataset.is_train).tolist(),
  }


def _brief(value: Any) -> str:
  """A value short enough for a message."""
  if isinstance(value, list) and len(value) > 8:
    return f'{len(value)} entries, {value[:4]} ...'.replace('] ...', ', ...]')
  return repr(value)
