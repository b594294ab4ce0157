"""Scalars in TensorBoard's format, without a thread, a queue or TensorFlow."""

import importlib
import os
import pathlib
import socket
import time
from typing import Any


class EventFile:
  """One new file of TensorBoard events in a folder.

  tensorboardX's SummaryWriter hands events to a thread through a queue between
  processes: its flush does not wait for that queue, and two writers opened in
  one second take the same file. Here events go straight into a record file of
  a name not yet taken, and `flush` means that they are on the disk.
  """

  def __init__(
      self, folder: str | os.PathLike[str], purge_from: int | None = None
  ):
    """Opens the file.

    Args:
      folder: where to put it; made if it does not exist.
      purge_from: tells TensorBoard to forget events of this step and later ones
        in the folder's earlier files, because they are written again.
    """
    # Imported here because only the process that writes needs it, and because
    # it imports PyTorch (seconds) wherever PyTorch is installed. The modules'
    # classes are made when they are imported: no type checker knows them.
    from tensorboardX import record_writer

    event: Any = importlib.import_module('tensorboardX.proto.event_pb2')
    summary: Any = importlib.import_module('tensorboardX.proto.summary_pb2')
    self._event = event.Event
    self._summary = summary.Summary
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    self.path = _free_name(folder)
    self._records = record_writer.RecordWriter(str(self.path))
    self._write(self._event(file_version='brain.Event:2'))
    if purge_from is not None:
      start = event.SessionLog(status=event.SessionLog.START)
      self._write(self._event(step=purge_from, session_log=start))
    self.flush()

  def scalars(self, step: int, seconds: float, values: dict[str, float]):
    """Writes one event with all values.

    Args:
      step: the global step.
      seconds: the time, in seconds since 1970.
      values: the scalars by name; a slash in a name groups it.
    """
    entries = [
        self._summary.Value(tag=name, simple_value=value)
        for name, value in values.items()
    ]
    summary = self._summary(value=entries)
    self._write(self._event(step=step, summary=summary), seconds)

  def flush(self):
    """Returns when all events are on the disk."""
    self._records.flush()

  def close(self):
    """Flushes and closes the file."""
    self.flush()
    self._records.close()

  def _write(self, event, seconds: float | None = None):
    event.wall_time = time.time() if seconds is None else seconds
    self._records.write(event.SerializeToString())


def _free_name(folder: pathlib.Path) -> pathlib.Path:
  # TensorBoard reads a folder's files in alphabetical order, which purging
  # relies on: so the time comes first, and a counter of fixed width last.
  prefix = f'events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}'
  number = 0
  while (path := folder / f'{prefix}.{number:04d}').exists():
    number += 1
  return path
