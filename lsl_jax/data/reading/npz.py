"""Images and labels from one `.npz` file; docs/data_format.md is the format.

Keys: `labels`, and either `images` or `encoded` (also called `jpeg`) with
`offsets`; optionally `class_names` and `is_train`. Other keys are left alone.
Nothing is ever unpickled.
"""

from collections.abc import Sequence
import pathlib

import numpy as np

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.reading import encoded, image_split, npz_members

_PACKS = ('encoded', 'jpeg')
KEYS = ('labels', 'images', *_PACKS, 'offsets', 'class_names', 'is_train')
_FORMAT = npz_members.FORMAT


def load(
    path: str | pathlib.Path,
    *,
    seed: int = 0,
    test_fraction: float = 0.5,
    name: str | None = None,
) -> dataset_lib.Dataset:
  """Reads a `.npz` data set.

  Args:
    path: the file.
    seed: of the division into training and test where `is_train` is absent.
    test_fraction: of each class, where `is_train` is absent.
    name: of the data set; the file's name if None.

  Returns:
    The data set; encoded images are decoded when they are asked for.

  Raises:
    FileNotFoundError: there is no such file.
    ValueError: it is no `.npz`, holds pickled objects, lacks a key, or its
      arrays do not fit together; the message names the file and the key.
  """
  path = pathlib.Path(path)
  arrays = npz_members.read(path, KEYS, what='data set', check=_check_keys)
  labels = arrays['labels']
  if labels.ndim != 1 or labels.dtype.kind not in 'iu':
    raise ValueError(
        f'{path}: labels must be [M] integers, got {labels.dtype} of shape'
        f' {labels.shape}'
    )
  if 'is_train' in arrays:
    is_train = arrays['is_train']
  else:
    is_train = image_split.by_fraction(
        labels, test_fraction=test_fraction, seed=seed
    )
  images = _images(path, arrays)
  class_names = _class_names(path, arrays)
  try:
    return dataset_lib.Dataset(
        name or path.stem, images, labels, class_names, is_train
    )
  except ValueError as error:
    raise ValueError(f'{path}: {error}') from error


def _check_keys(path: pathlib.Path, keys: Sequence[str]) -> None:
  """Labels, and one kind of images."""
  found = f'it has the keys {", ".join(keys) or "none"}; {_FORMAT}'
  if 'labels' not in keys:
    raise ValueError(f'{path} has no key labels; {found}')
  kinds = [key for key in ('images', *_PACKS) if key in keys]
  if len(kinds) != 1:
    raise ValueError(
        f'{path} must have exactly one of the keys images,'
        f' {", ".join(_PACKS)}; {found}'
    )
  if kinds[0] in _PACKS and 'offsets' not in keys:
    raise ValueError(f'{path} has {kinds[0]} but no key offsets; {found}')


def _images(
    path: pathlib.Path, arrays: dict[str, np.ndarray]
) -> np.ndarray | encoded.Pack:
  """One array of images, or a pack of encoded ones."""
  if 'images' in arrays:
    images = arrays['images']
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
      raise ValueError(
          f'{path}: images must be uint8 [M, H, W, 3] (0 to 255, RGB), got'
          f' {images.dtype} of shape {images.shape}'
      )
    return images
  key = next(key for key in _PACKS if key in arrays)
  data, offsets = arrays[key], arrays['offsets']
  if data.dtype != np.uint8 or data.ndim != 1:
    raise ValueError(
        f'{path}: {key} must be uint8 [bytes], got {data.dtype} of shape'
        f' {data.shape}'
    )
  if offsets.dtype.kind not in 'iu' or offsets.ndim != 1 or not len(offsets):
    raise ValueError(
        f'{path}: offsets must be [M + 1] integers, got {offsets.dtype} of'
        f' shape {offsets.shape}'
    )
  offsets = offsets.astype(np.int64)
  if offsets[0] < 0 or offsets[-1] > len(data) or (np.diff(offsets) < 0).any():
    raise ValueError(
        f'{path}: offsets must ascend within 0 .. {len(data)}, the length of'
        f' {key}; they run from {offsets[0]} to {offsets[-1]}'
    )
  return encoded.Pack(data, offsets, str(path))


def _class_names(
    path: pathlib.Path, arrays: dict[str, np.ndarray]
) -> tuple[str, ...]:
  """The stored names, or the numbers from 0 to the largest label."""
  if 'class_names' not in arrays:
    labels = arrays['labels']
    largest = int(labels.max()) if labels.size else -1
    return tuple(str(i) for i in range(largest + 1))
  names = arrays['class_names']
  if names.ndim != 1 or names.dtype.kind not in 'US':
    raise ValueError(
        f'{path}: class_names must be [C] strings, got {names.dtype} of shape'
        f' {names.shape}'
    )
  if names.dtype.kind == 'S':
    return tuple(name.decode('utf-8') for name in names.tolist())
  return tuple(names.tolist())
