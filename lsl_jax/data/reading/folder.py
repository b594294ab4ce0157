"""A folder of folders of images: one sub-folder a class.

Either `path/<class>/<image>`, divided into training and test at random, or
`path/train/<class>/<image>` and `path/test/<class>/<image>`, divided as they
lie.
"""

import pathlib
import warnings

import numpy as np

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.reading import encoded, image_split

ENDINGS = (
    '.bmp',
    '.gif',
    '.jpeg',
    '.jpg',
    '.png',
    '.ppm',
    '.tif',
    '.tiff',
    '.webp',
)
_LAYOUT = (
    'expected <path>/<class>/<image> or <path>/train/<class>/<image> and'
    ' <path>/test/<class>/<image>'
)


def load(
    path: str | pathlib.Path,
    *,
    seed: int = 0,
    test_fraction: float = 0.5,
    name: str | None = None,
) -> dataset_lib.Dataset:
  """Lists a folder of folders of images.

  Classes are the names of the sub-folders, sorted; images are sorted by path,
  and may lie deeper within their class. Hidden files are left alone; other
  files that are no images by their ending are left out with a warning.

  Args:
    path: the folder.
    seed: of the random division, where there is no `train/` and `test/`.
    test_fraction: of each class, in a random division.
    name: of the data set; the folder's name if None.

  Returns:
    The data set; an image is read and decoded when it is asked for.

  Raises:
    FileNotFoundError: there is no such folder.
    ValueError: it holds no classes or no images, or only one of `train/` and
      `test/`; the message names the folder. A single class without images is
      for `check` to refuse.
  """
  path = pathlib.Path(path)
  if not path.is_dir():
    raise FileNotFoundError(f'the image folder {path} does not exist')
  parts = _parts(path)
  class_names = sorted({c.name for part in parts for c in _folders(part)})
  if not class_names:
    raise ValueError(f'{path} holds no class folders; {_LAYOUT}')
  files: list[pathlib.Path] = []
  labels: list[int] = []
  is_train: list[bool] = []
  ignored: list[pathlib.Path] = []
  for part in parts:
    for label, class_name in enumerate(class_names):
      found, others = _images(part / class_name)
      ignored += others
      files += found
      labels += [label] * len(found)
      is_train += [part.name != 'test'] * len(found)
  if ignored:
    warnings.warn(
        f'{path}: ignored {len(ignored)} files that are no images by their'
        f' ending, the first is {ignored[0]}; accepted are {" ".join(ENDINGS)}',
        stacklevel=2,
    )
  if not files:
    raise ValueError(
        f'{path} holds {len(class_names)} class folders but no images with the'
        f' endings {" ".join(ENDINGS)}'
    )
  if len(parts) == 2:
    train = np.array(is_train, bool)
  else:
    train = image_split.by_fraction(
        np.array(labels), test_fraction=test_fraction, seed=seed
    )
  return dataset_lib.Dataset(
      name or path.resolve().name,
      encoded.Files(files),
      np.array(labels, np.int32),
      # Names of folders need not be valid UTF-8, those of classes must be.
      tuple(n.encode(errors='backslashreplace').decode() for n in class_names),
      train,
  )


def _parts(path: pathlib.Path) -> list[pathlib.Path]:
  """`train` and `test` where both are there, else the folder itself."""
  parts = [path / part for part in ('train', 'test')]
  present = [part for part in parts if part.is_dir()]
  if len(present) == 1:
    missing = parts[1 - parts.index(present[0])]
    raise ValueError(
        f'{path} has {present[0].name}/ but no {missing.name}/; {_LAYOUT}'
    )
  return present or [path]


def _folders(path: pathlib.Path) -> list[pathlib.Path]:
  """The class folders in a part; hidden ones are left alone."""
  return [
      p for p in path.iterdir() if p.is_dir() and not p.name.startswith('.')
  ]


def _images(
    folder: pathlib.Path,
) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
  """The images below a class folder, sorted, and the other files."""
  files = sorted(
      p
      for p in folder.rglob('*')
      if p.is_file()
      and not any(part.startswith('.') for part in p.relative_to(folder).parts)
  )
  images = [p for p in files if p.suffix.lower() in ENDINGS]
  return images, [p for p in files if p.suffix.lower() not in ENDINGS]
