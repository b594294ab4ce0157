"""Files of features, by which those of any network enter and leave.

* `.npz`: `features` [M, D], `labels` [M] int; optionally `is_train` [M] bool
  (all True if absent), `class_names` [C] and `classifier` [C', D], rows of the
  bias-free linear classifier that the network was trained with, one a base
  class in the order of the class split. docs/data_format.md has an example.
* `.hdf5` or `.h5`: `all_feats` [>= count, D], `all_labels` [>= count], `count`
  [1], as the code of Hariharan and Girshick writes them, one file for training
  and one for test images. Needs the extra `hdf5` (h5py).
"""

from collections.abc import Sequence
import dataclasses
import os
import pathlib
from typing import Any

import numpy as np

from lsl_jax.data.reading import npz_members

_HDF5 = ('.hdf5', '.h5')
_KEYS = ('features', 'labels', 'is_train', 'class_names', 'classifier')
_FORMAT = npz_members.FORMAT


@dataclasses.dataclass(frozen=True, eq=False)
class FeatureFile:
  """Labelled features.

  Attributes:
    features: `[M, D]` float.
    labels: `[M]` int32 class indices.
    is_train: `[M]` bool.
    class_names: C names, or none.
    classifier: `[C', D]` float32, or None.
  """

  features: np.ndarray
  labels: np.ndarray
  is_train: np.ndarray
  class_names: tuple[str, ...] = ()
  classifier: np.ndarray | None = None


def read(
    path: str | os.PathLike[str], test: str | os.PathLike[str] | None = None
) -> FeatureFile:
  """Reads features, from one file or from two.

  Args:
    path: `.npz`, `.hdf5` or `.h5`.
    test: a second file, whose rows all are test images; the first one's are
      then for training. Needed with HDF5, which knows no parts.

  Returns:
    The features; training rows before test rows where there are two files.

  Raises:
    FileNotFoundError: a file does not exist.
    ImportError: h5py is missing.
    ValueError: a file lacks a key, or its arrays do not fit together.
  """
  if test is None:
    if _is_hdf5(path):
      raise ValueError(
          f'{path}: an HDF5 file of features holds one part; give the file of'
          ' the test images too (data.options.test)'
      )
    return _read_one(path)
  parts = [_read_one(one) for one in (path, test)]
  if parts[0].features.shape[1] != parts[1].features.shape[1]:
    raise ValueError(
        f'{path} has features of {parts[0].features.shape[1]} numbers,'
        f' {test} of {parts[1].features.shape[1]}'
    )
  return FeatureFile(
      np.concatenate([part.features for part in parts]),
      np.concatenate([part.labels for part in parts]),
      np.repeat([True, False], [len(part.labels) for part in parts]),
      parts[0].class_names or parts[1].class_names,
      parts[0].classifier,
  )


def write(
    path: str | os.PathLike[str],
    features: np.ndarray,
    labels: np.ndarray,
    *,
    is_train: np.ndarray | None = None,
    class_names: tuple[str, ...] = (),
    classifier: np.ndarray | None = None,
) -> None:
  """Writes features for this or another program, whole or not at all.

  Args:
    path: `.npz`; or `.hdf5` or `.h5`, which hold features and labels alone.
    features: `[M, D]` float.
    labels: `[M]` int.
    is_train: `[M]` bool; an HDF5 file must be of one part.
    class_names: C names.
    classifier: `[C', D]`, see the top of this file.

  Raises:
    ImportError: h5py is missing.
    ValueError: another ending, or rows of both parts for one HDF5 file.
  """
  path = pathlib.Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  partial = path.with_name(f'.{path.stem}.{os.getpid()}{path.suffix}')
  if _is_hdf5(path):
    if is_train is not None and len(np.unique(is_train)) > 1:
      raise ValueError(
          f'{path}: an HDF5 file of features holds one part; write training and'
          ' test images into files of their own'
      )
    with _h5py().File(partial, 'w') as file:
      file['all_feats'] = np.asarray(features, np.float32)
      file['all_labels'] = np.asarray(labels, np.int32)
      file['count'] = np.array([len(labels)], np.int32)
  elif path.suffix == '.npz':
    arrays: dict[str, Any] = {'features': features, 'labels': labels}
    if is_train is not None:
      arrays['is_train'] = is_train
    if class_names:
      arrays['class_names'] = np.array(class_names, str)
    if classifier is not None:
      arrays['classifier'] = classifier
    np.savez(partial, **arrays)
  else:
    raise ValueError(f'{path}: must end in .npz, {" or ".join(_HDF5)}')
  os.replace(partial, path)


def _read_one(path: str | os.PathLike[str]) -> FeatureFile:
  path = pathlib.Path(path)
  if not path.is_file():
    raise FileNotFoundError(f'the file of features {path} does not exist')
  arrays = _read_hdf5(path) if _is_hdf5(path) else _read_npz(path)
  features, labels = arrays['features'], arrays['labels']
  if features.ndim != 2 or features.dtype.kind != 'f':
    raise ValueError(
        f'{path}: features must be [M, D] floats, got {features.dtype} of shape'
        f' {features.shape}; {_FORMAT}'
    )
  if labels.shape != features.shape[:1] or labels.dtype.kind not in 'iu':
    raise ValueError(
        f'{path}: labels must be {len(features)} integers, one a row of'
        f' features, got {labels.dtype} of shape {labels.shape}; {_FORMAT}'
    )
  is_train = arrays.get('is_train', np.ones(len(labels), bool))
  if is_train.shape != labels.shape or is_train.dtype != bool:
    raise ValueError(
        f'{path}: is_train must be {len(labels)} bool, got {is_train.dtype} of'
        f' shape {is_train.shape}; {_FORMAT}'
    )
  classifier = arrays.get('classifier')
  if classifier is not None and (
      classifier.ndim != 2 or classifier.shape[1] != features.shape[1]
  ):
    raise ValueError(
        f'{path}: classifier must be [C, {features.shape[1]}], got'
        f' {classifier.shape}; {_FORMAT}'
    )
  if not np.isfinite(features).all():
    row = int(np.argmin(np.isfinite(features).all(1)))
    raise ValueError(f'{path}: row {row} of features is not finite')
  names = tuple(str(name) for name in arrays.get('class_names', ()))
  return FeatureFile(
      features,
      labels.astype(np.int32),
      is_train,
      names,
      None if classifier is None else classifier.astype(np.float32),
  )


def _read_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
  return npz_members.read(
      path, _KEYS, what='file of features', check=_check_keys
  )


def _check_keys(path: pathlib.Path, keys: Sequence[str]) -> None:
  absent = [key for key in ('features', 'labels') if key not in keys]
  if absent:
    raise ValueError(
        f'{path} has no key {absent[0]}; it has the keys'
        f' {", ".join(keys) or "none"}; {_FORMAT}'
    )


def _read_hdf5(path: pathlib.Path) -> dict[str, np.ndarray]:
  h5py = _h5py()
  try:
    with h5py.File(path, 'r') as file:
      absent = [
          k for k in ('all_feats', 'all_labels', 'count') if k not in file
      ]
      if absent:
        raise ValueError(
            f'{path} has no key {absent[0]}; it has the keys'
            f' {", ".join(file) or "none"}; {_FORMAT}'
        )
      # The authors' code makes room for whole batches and counts what is used.
      count = int(np.asarray(file['count']).reshape(-1)[0])
      return {
          'features': np.asarray(file['all_feats'][:count]),
          'labels': np.asarray(file['all_labels'][:count]),
      }
  except OSError as error:
    raise ValueError(
        f'{path} is not an HDF5 file, or is damaged: {error}'
    ) from error


def _is_hdf5(path: str | os.PathLike[str]) -> bool:
  return pathlib.Path(path).suffix in _HDF5


def _h5py() -> Any:
  try:
    import h5py  # pylint: disable=import-outside-toplevel
  except ImportError as error:
    raise ImportError(
        "HDF5 files of features need h5py: pip install 'lsl_jax[hdf5]'"
    ) from error
  return h5py
