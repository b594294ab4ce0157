"""Whole files or none: content is written beside the target, then renamed.

Whatever happens while a file is being written (a full disk, a signal, a power
cut), a reader finds either the file as it was or the file as it should be.
"""

from collections.abc import Iterator
import contextlib
import os
import pathlib


def write(path: str | os.PathLike[str], content: str | bytes) -> pathlib.Path:
  """Replaces the file at `path` by `content`, all of it or nothing.

  Args:
    path: the file to write. Its folder is made if it does not exist.
    content: text, written as UTF-8 with the newlines that it has, or bytes.

  Returns:
    The path.

  Raises:
    OSError: the file cannot be written, for instance because the disk is full
      or the folder is read-only. Names the file; an older one stays as it was.
  """
  path = pathlib.Path(path)
  # Names of folders need not be valid UTF-8; Python marks such bytes by lone
  # surrogates, which would not encode.
  text = isinstance(content, str)
  data = content.encode(errors='backslashreplace') if text else content
  # The process in the name keeps two writers of one file out of each other's
  # way: the last rename wins, and both contents were whole.
  temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
  with naming(path, 'an older version of it is untouched'):
    try:
      path.parent.mkdir(parents=True, exist_ok=True)
      with open(temporary, 'wb') as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
      os.replace(temporary, path)
    finally:
      with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)
  return path


@contextlib.contextmanager
def naming(path: str | os.PathLike[str], outcome: str) -> Iterator[None]:
  """Makes errors of the operating system say which file could not be written.

  Args:
    path: the file that is written inside the context.
    outcome: what the reader of the message should know about that file.

  Yields:
    Nothing.

  Raises:
    OSError: of the class and number of the one raised inside the context.
  """
  try:
    yield
  except OSError as error:
    reason = error.strerror or str(error)
    message = f'cannot write {os.fspath(path)}: {reason} ({outcome})'
    raise type(error)(error.errno, message) from error
