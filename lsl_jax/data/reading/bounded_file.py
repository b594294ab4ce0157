"""A file that is never asked for more than it holds.

Python reserves as many bytes as are to be read before it reads, and how many a
damaged archive asks for is chance, or a foe's choice.
"""

import io
import os


class BoundedFile(io.BufferedIOBase):
  """A file opened for reading whose reads end where it does."""

  def __init__(self, path: str | os.PathLike[str]):
    self._file = open(path, 'rb')  # noqa: SIM115, closed by close
    self._size = os.fstat(self._file.fileno()).st_size

  def read(self, size: int | None = -1, /) -> bytes:
    """At most so many bytes; all that are left where size is negative."""
    left = max(0, self._size - self._file.tell())
    if size is None or size < 0:
      size = left
    return self._file.read(min(size, left))

  def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
    """Moves as other files do."""
    return self._file.seek(offset, whence)

  def tell(self) -> int:
    """Where it is."""
    return self._file.tell()

  def readable(self) -> bool:
    """Yes."""
    return True

  def seekable(self) -> bool:
    """Yes."""
    return True

  def close(self) -> None:
    """Closes the file."""
    self._file.close()
    super().close()
