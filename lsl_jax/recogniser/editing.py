"""Changes of a recogniser's file, one after the other and each whole."""

from collections.abc import Iterator
import contextlib
import fcntl
import os
import pathlib


@contextlib.contextmanager
def alone(path: str | os.PathLike[str]) -> Iterator[None]:
  """Waits until no other process changes the file, and keeps others waiting.

  Who changes a file must read it inside of this context: what others wrote
  before is then part of what is written back. Readers need not wait, since a
  file is replaced whole. The operating system ends the wait for others when a
  process is killed; what it left half-written is removed here.

  Args:
    path: of the file; its folder is made if missing.

  Yields:
    Nothing.

  Raises:
    OSError: the lock file beside it cannot be made.
  """
  path = pathlib.Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  lock = os.open(
      path.with_name(f'.{path.name}.lock'), os.O_RDWR | os.O_CREAT, 0o644
  )
  try:
    fcntl.flock(lock, fcntl.LOCK_EX)
    prefix = f'.{path.name}.'
    for entry in path.parent.iterdir():
      name = entry.name
      if name.startswith(prefix) and name.endswith('.tmp'):
        with contextlib.suppress(FileNotFoundError):
          entry.unlink()
    yield
  finally:
    os.close(lock)  # and with it the lock
