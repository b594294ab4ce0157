"""Images, labels and class names in the records of TFDS's data sources."""

from collections.abc import Mapping, Sequence
import os
import pathlib
from typing import Any

import numpy as np

from lsl_jax.data.reading import encoded

_CACHE = 'lsl_jax_labels.npz'


class Records(encoded.Encoded):
  """The images of several data sources, one after the other.

  Attributes:
    parts: names of the parts, in order.
    sources: their data sources, whose records hold an encoded image.
    key: the feature that is the image.
    name: what to call the data set in an error.
  """

  def __init__(self, sources: Mapping[str, Any], key: str, name: str):
    self.parts = tuple(sources)
    self.sources = tuple(sources.values())
    self.key = key
    self.name = name
    self._ends = np.cumsum([len(source) for source in self.sources])

  def __len__(self) -> int:
    return int(self._ends[-1])

  def read(self, index: int) -> bytes:
    """The encoded image of a record."""
    part, offset = self._locate(index)
    return self.sources[part][offset][self.key]

  def describe(self, index: int) -> str:
    """The data set, the part and the number in it."""
    part, offset = self._locate(index)
    return f'{self.name}, {self.parts[part]} image {offset}'

  def _locate(self, index: int) -> tuple[int, int]:
    """Which part a record is in, and where in that part."""
    part = int(np.searchsorted(self._ends, index, side='right'))
    return part, index - (int(self._ends[part - 1]) if part else 0)


def read_labels(
    folder: pathlib.Path,
    part: str,
    source: Sequence[Mapping[str, Any]],
    label: str,
    label_name: str | None,
) -> tuple[np.ndarray, dict[int, str]]:
  """The labels of a part, from a small file beside it or from every record.

  A label is stored in the same record as its image, so reading the labels of a
  large set for the first time reads all of it. The file is written where the
  folder allows it.

  Args:
    folder: where the prepared set lies.
    part: its name.
    source: its records.
    label: the feature that is the class.
    label_name: the feature that is the class's name, if the set has one.

  Returns:
    `[m]` int32 labels, and the names by label (empty without `label_name`).
  """
  file = folder / f'{part}.{label}.{_CACHE}'
  if file.is_file():
    with np.load(file, allow_pickle=False) as stored:
      labels, names = stored['labels'], stored['names']
      if len(labels) == len(source):
        return labels, dict(
            zip(stored['named'].tolist(), names.tolist(), strict=True)
        )
  labels = np.zeros(len(source), np.int32)
  found: dict[int, str] = {}
  for i in range(len(source)):
    record = source[i]
    labels[i] = record[label]
    if label_name is not None:
      found[int(labels[i])] = _text(record[label_name])
  _write(file, labels, found)
  return labels, found


def _text(value: Any) -> str:
  """A text feature as a string."""
  return value.decode('utf-8') if isinstance(value, bytes) else str(value)


def _write(file: pathlib.Path, labels: np.ndarray, names: dict[int, str]):
  """Keeps labels for the next time; a folder of others is left as it is."""
  if not os.access(file.parent, os.W_OK):
    return
  partial = file.with_name(f'{file.name}.{os.getpid()}.tmp')
  with partial.open('wb') as stream:
    np.savez(
        stream,
        labels=labels,
        named=np.array(list(names), np.int32),
        names=np.array(list(names.values()), str),
    )
  os.replace(partial, file)
