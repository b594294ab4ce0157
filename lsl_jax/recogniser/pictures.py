"""From the files that a user names to images, each decoded or refused."""

from collections.abc import Iterable, Iterator
import os
import pathlib

import numpy as np

from lsl_jax.data.reading import encoded, folder


def listed(paths: Iterable[str | os.PathLike[str]]) -> list[pathlib.Path]:
  """Files, and of folders all images below, sorted.

  Args:
    paths: of files and folders.

  Returns:
    Files, in the order of the paths. A file that is named is listed whatever
    its ending.

  Raises:
    FileNotFoundError: there is no such file or folder.
    ValueError: a folder without an image.
  """
  files = []
  for path in map(pathlib.Path, paths):
    if path.is_dir():
      below = sorted(
          p
          for p in path.rglob('*')
          if p.suffix.lower() in folder.ENDINGS and p.is_file()
      )
      if not below:
        raise ValueError(
            f'{path} holds no images with the endings'
            f' {" ".join(folder.ENDINGS)}'
        )
      files += below
    elif path.exists():
      files.append(path)
    else:
      raise FileNotFoundError(f'there is no file {path}')
  return files


def decoded(
    files: Iterable[pathlib.Path],
) -> Iterator[tuple[pathlib.Path, np.ndarray | encoded.ImageError]]:
  """Each file with its image, uint8 `[h, w, 3]`, or with why there is none."""
  for file in files:
    try:
      yield file, encoded.Files([file])[0]
    except encoded.ImageError as error:
      yield file, error
