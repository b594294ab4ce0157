"""A folder for one run: guarded against another config and a second process."""

from collections.abc import Collection, Mapping
import fcntl
import json
import os
import pathlib
from typing import Any

import jax

_CONFIG = 'config.json'
_LOCK = '.lock'


class WorkdirError(Exception):
  """The folder belongs to a run of another config, or to one still alive."""


class Workdir:
  """A claimed folder; the claim ends with `release` or with the process.

  Attributes:
    path: the folder.
  """

  def __init__(self, path: pathlib.Path, lock: int | None):
    self.path = path
    self._lock = lock

  def __enter__(self) -> 'Workdir':
    return self

  def __exit__(self, *_):
    self.release()

  def release(self) -> None:
    """Lets another process claim the folder."""
    if self._lock is not None:
      os.close(self._lock)
      self._lock = None


def claim(
    path: str | os.PathLike[str],
    config: Mapping[str, Any],
    *,
    may_differ: Collection[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> Workdir:
  """Makes a folder this run's own, or refuses.

  The first claim writes `config.json`; later ones must bring the same config,
  so that results of two configs never mix. While the process lives it holds a
  lock that the operating system gives up even when the process is killed. Of
  several processes of one run only the first claims, so processes must have
  met (`distributed.initialize`) before this is called.

  Args:
    path: the folder; made if missing.
    config: nested settings that JSON can hold.
    may_differ: dotted names of settings in which a later claim may differ,
      such as `log_every`; a name also stands for everything below it.
    defaults: values that settings have where `config.json` is older than they
      are.

  Returns:
    The claimed folder; keep it for as long as the run lasts.

  Raises:
    WorkdirError: another process is at work there, `config.json` cannot be
      read, or it differs; the message names every key that does.
    TypeError: a setting that JSON cannot hold.
  """
  path = pathlib.Path(path)
  path.mkdir(parents=True, exist_ok=True)
  if jax.process_index() != 0:
    return Workdir(path, None)
  workdir = Workdir(path, _lock(path))
  try:
    _compare_or_write(path / _CONFIG, config, may_differ, defaults or {})
  except BaseException:
    workdir.release()
    raise
  return workdir


def _lock(path):
  """Takes the folder's lock; the kernel frees it when the process ends."""
  lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
  try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError:
    owner = os.read(lock, 32).decode() or 'unknown'
    os.close(lock)
    raise WorkdirError(
        f'Another run (process {owner}) is at work in {path}. Wait for it, end '
        'it, or choose another workdir.'
    ) from None
  os.truncate(lock, 0)
  os.write(lock, str(os.getpid()).encode())
  return lock


def _compare_or_write(file, config, may_differ, defaults):
  text = json.dumps(config, indent=2, sort_keys=True)
  if not file.exists():
    unfinished = file.with_suffix('.tmp')
    unfinished.write_text(text + '\n')
    unfinished.replace(file)  # whole or not at all, even if killed here
    return
  try:
    before = _flatten(json.loads(file.read_text()))
  except json.JSONDecodeError as error:
    raise WorkdirError(
        f'{file} is not valid JSON ({error}); restore it, or choose another '
        'workdir.'
    ) from error
  now = _flatten(json.loads(text))  # as it would be read: tuples are lists
  usual = _flatten(json.loads(json.dumps(defaults)))
  before |= {key: usual[key] for key in now if key in usual} | before
  differing = [
      f'  {key}: {_show(before, key)} there, {_show(now, key)} here'
      for key in sorted({*before, *now})
      if _show(before, key) != _show(now, key) and not _below(key, may_differ)
  ]
  if differing:
    raise WorkdirError(
        f'{file.parent} belongs to another config:\n'
        + '\n'.join(differing)
        + '\nChoose another workdir, or go back to that config.'
    )


def _flatten(tree, prefix=''):
  """Nested dictionaries as one, with dotted names; lists are values."""
  if not isinstance(tree, dict) or not tree:
    return {prefix[:-1]: tree}
  flat = {}
  for key, value in tree.items():
    flat |= _flatten(value, f'{prefix}{key}.')
  return flat


def _show(flat, key):
  return json.dumps(flat[key]) if key in flat else 'absent'


def _below(key, names):
  return any(key == name or key.startswith(f'{name}.') for name in names)
