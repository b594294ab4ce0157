"""Data sets of TensorFlow Datasets, read without TensorFlow.

A prepared set is read through its data source (array_record files); images stay
encoded until they are asked for. Preparing a set is another matter, see
`lsl_jax.data.prepare`.
"""

import importlib
import pathlib
from typing import Any

import numpy as np

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data import spec as spec_lib
from lsl_jax.data.reading import preparation, records


def load(
    name: str,
    *,
    path: str | pathlib.Path | None = None,
    train: str = 'train',
    test: str | None = None,
    image: str = 'image',
    label: str = 'label',
    label_name: str = 'label_name',
) -> dataset_lib.Dataset:
  """Reads a prepared data set.

  Args:
    name: as TFDS has it, `'cifar100'`, `'caltech_birds2011'`, with a
      configuration (`'imagenet_resized/32x32'`) where there are several.
    path: TFDS's data folder; its own default if None.
    train: the part that is for training.
    test: the part that is for testing; if None, `'test'` where the set has one,
      else `'validation'` (the labels of ImageNet's test part are not public).
    image: the feature that is the image.
    label: the feature that is the class.
    label_name: the feature that is the class's name, looked at where the set
      itself only numbers its classes, as `caltech_birds2011` does.

  Returns:
    Both parts as one data set, training images first.

  Raises:
    ImportError: tensorflow-datasets is not installed.
    ValueError: no such set, part or feature; the message names the valid ones.
      Or the set is stored in a format that needs TensorFlow.
    FileNotFoundError: it is not prepared; the message says what to run and
      what to place where.
  """
  tfds = _library()
  builder = make_builder(name, path)
  if not builder.is_prepared():
    raise FileNotFoundError(
        f'the TFDS set {name!r} is not prepared in {builder.data_path};'
        f' {preparation.instructions(builder, name, path)}'
    )
  features = builder.info.features
  for feature in (image, label):
    if feature not in features:
      raise ValueError(
          f'tfds:{name} has no feature {feature!r};'
          f' {spec_lib.choices(feature, features)}'
      )
  # Nothing is decoded here, not even features that nobody asked for.
  skip = {feature: tfds.decode.SkipDecoding() for feature in features}
  sources = {
      part: _source(builder, name, path, part, skip)
      for part in _parts(builder, name, train, test)
  }
  names = _numbered_names(features[label])
  numbered = names == tuple(str(i) for i in range(len(names)))
  name_key = label_name if numbered and label_name in features else None
  folder = pathlib.Path(builder.data_path)
  labels = []
  for part, source in sources.items():
    found, seen = records.read_labels(folder, part, source, label, name_key)
    labels.append(found)
    written = tuple(seen.get(i, known) for i, known in enumerate(names))
    # A text that does not tell the classes apart is not their name.
    names = written if len(set(written)) == len(written) else names
  return dataset_lib.Dataset(
      name,
      records.Records(sources, image, f'tfds:{name}'),
      np.concatenate(labels),
      names,
      np.repeat([True, False], [len(found) for found in labels]),
  )


def make_builder(name: str, path: str | pathlib.Path | None) -> Any:
  """TFDS's builder of a set, or an error that lists the valid names.

  Args:
    name: of the set.
    path: TFDS's data folder; its own default if None.

  Raises:
    ImportError: tensorflow-datasets is not installed.
    ValueError: there is no such set.
  """
  tfds = _library()
  folder = None if path is None else str(pathlib.Path(path).expanduser())
  try:
    return tfds.builder(name, data_dir=folder)
  except tfds.core.DatasetNotFoundError as error:
    known = tfds.list_builders(with_community_datasets=False)
    raise ValueError(
        f'TFDS has no data set {name!r}; {spec_lib.choices(name, known)}'
    ) from error


def _library() -> Any:
  """tensorflow_datasets, which is an extra."""
  try:
    return importlib.import_module('tensorflow_datasets')
  except ImportError as error:
    raise ImportError(
        'reading a TFDS set needs tensorflow-datasets: pip install'
        " 'lsl_jax[data]'"
    ) from error


def _parts(
    builder: Any, name: str, train: str, test: str | None
) -> tuple[str, str]:
  """The names of the training and the test part."""
  known = tuple(builder.info.splits)
  if test is None:
    test = 'test' if 'test' in known else 'validation'
    if builder.name == 'imagenet2012':
      test = 'validation'
  for part in (train, test):
    if part not in known:
      raise ValueError(
          f'tfds:{name} has no part {part!r}; {spec_lib.choices(part, known)};'
          ' name them with the options train and test'
      )
  return train, test


def _source(
    builder: Any,
    name: str,
    path: str | pathlib.Path | None,
    part: str,
    decoders: dict[str, Any],
) -> Any:
  """The records of a part."""
  try:
    return builder.as_data_source(split=part, decoders=decoders)
  except NotImplementedError as error:
    raise ValueError(
        f'tfds:{name} in {builder.data_path} is not stored as array_record, and'
        ' reading it would need TensorFlow; remove that folder and prepare the'
        f' set again:\n{preparation.command(name, path)}'
    ) from error


def _numbered_names(feature: Any) -> tuple[str, ...]:
  """The names of the classes; numbers where there are none."""
  if not hasattr(feature, 'num_classes') or feature.num_classes is None:
    raise ValueError(
        f'a label must be a tfds.features.ClassLabel, got {feature!r}; choose'
        ' another feature with the option label'
    )
  return tuple(feature.int2str(i) for i in range(feature.num_classes))
