"""Whether a member of a `.npz` file may be read, told from its headers.

A few kilobytes can claim to be an array of any size, and NumPy reserves what is
claimed. Here a claim must agree with what the archive says of the member, and
that must be a plausible multiple of the bytes that are there.
"""

import math
import zipfile

import numpy as np

# Images of one colour compress a thousandfold, photographs and drawings do not.
_RATIO = 200
# Below this many bytes a high ratio does no harm.
_HARMLESS = 2**27
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def check(archive: zipfile.ZipFile, key: str) -> None:
  """Refuses an array whose size is not what the file can hold.

  Args:
    archive: the opened `.npz` file.
    key: of the array.

  Raises:
    ValueError: it claims more than is there, or is compressed as no image is.
    KeyError: there is no such array.
  """
  info = archive.getinfo(f'{key}.npy')
  if info.flag_bits & 1:
    raise ValueError('it is encrypted')
  allowed = max(_HARMLESS, _RATIO * info.compress_size)
  if info.file_size > allowed:
    raise ValueError(
        f'{info.compress_size} bytes claim to unpack to {info.file_size}, more'
        f' than {_RATIO} times as many; images do not compress like that'
    )
  with archive.open(info) as member:
    version = np.lib.format.read_magic(member)
    if version not in _HEADERS:
      raise ValueError(f'its format is version {version}')
    shape, _, dtype = _HEADERS[version](member)
    size = info.file_size - member.tell()
  if dtype.hasobject:
    return  # refused by NumPy, which says so better
  if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != size:
    raise ValueError(
        f'{dtype} of shape {shape} needs other than the {size} bytes there are'
    )
