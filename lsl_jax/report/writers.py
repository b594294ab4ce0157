"""Where a run's scalars go: metrics.jsonl and TensorBoard events."""

from collections.abc import Mapping
import io
import json
import math
import os
import pathlib
import time
from typing import Any

import jax
import numpy as np

from lsl_jax.report import atomic, events, jsonl

FILE_NAME = 'metrics.jsonl'


class Writer:
  """Writes scalars of one run, on process 0 alone.

  Each call of `write` adds one line to `metrics.jsonl`,

      {"step": 100, "time": 1763719200.123, "train/loss": 0.25}

  (time in seconds since 1970; null for what is not finite) and one TensorBoard
  event. Lines are handed to the operating system at once, so a killed process
  loses none of them. `flush` also waits for the disk and for the TensorBoard
  file: call it before saving a checkpoint, so that a run which goes on from
  there has no hole in its curves. It happens by itself every `flush_seconds`.

  Runs whose steps count anew (fine-tuning after base training, another number
  of shots) take a folder of their own, which TensorBoard shows as a run.

  >>> import tempfile
  >>> with tempfile.TemporaryDirectory() as folder:
  ...   with Writer(folder) as writer:
  ...     writer.write(10, {'train/loss': 0.5})
  ...   [record['train/loss'] for record in writer.records()]
  [0.5]
  """

  def __init__(
      self,
      workdir: str | os.PathLike[str],
      *,
      resumed_step: int | None = None,
      flush_seconds: float = 30.0,
      process_index: int | None = None,
  ):
    """Opens the files in `workdir`, repairing what a killed process left.

    Args:
      workdir: the folder; made if it does not exist.
      resumed_step: the step that training goes on from, 0 for a fresh start.
        Records of later steps are dropped, since they will be written again.
        None keeps all, for a writer that only adds to a finished run.
      flush_seconds: after how many seconds to wait for the disk.
      process_index: this process's index; by default jax.process_index().
    """
    self.path = pathlib.Path(workdir) / FILE_NAME
    self._flush_seconds = flush_seconds
    self._file: io.FileIO | None = None
    index = jax.process_index() if process_index is None else process_index
    self._active = index == 0
    if self._active:
      self.path.parent.mkdir(parents=True, exist_ok=True)
      jsonl.repair(self.path, resumed_step)
      purge_from = None if resumed_step is None else resumed_step + 1
      self._events = events.EventFile(self.path.parent, purge_from)
      self._file = io.FileIO(self.path, 'a')
      self._flushed = time.monotonic()

  def write(self, step: int, values: Mapping[str, Any]):
    """Writes the scalars of a step.

    Args:
      step: the global step, not negative.
      values: scalars (numbers or arrays of one element) by name. Slashes group
        names; `step` and `time` are taken.

    Raises:
      OSError: `metrics.jsonl` cannot be written. Names the file.
      ValueError: a name is taken, a value is no scalar, the step is negative,
        or the writer is closed.
    """
    if not self._active:
      return
    if self._file is None:
      raise ValueError(f'the writer of {self.path} is closed')
    step = int(step)
    if step < 0:
      raise ValueError(f'step must not be negative, found {step}')
    scalars = {name: _scalar(name, value) for name, value in values.items()}
    seconds = round(time.time(), 3)
    finite = {
        name: value if math.isfinite(value) else None
        for name, value in scalars.items()
    }
    line = json.dumps(
        {'step': step, 'time': seconds, **finite}, ensure_ascii=False
    )
    with atomic.naming(self.path, 'the lines before are whole'):
      _append(self._file, line.encode(errors='backslashreplace') + b'\n')
      self._events.scalars(step, seconds, scalars)
    if time.monotonic() - self._flushed >= self._flush_seconds:
      self.flush()

  def flush(self):
    """Returns when everything written is on the disk."""
    if self._file is not None:
      with atomic.naming(self.path, 'the lines before are whole'):
        os.fsync(self._file.fileno())
        self._events.flush()
      self._flushed = time.monotonic()

  def records(self) -> list[jsonl.Record]:
    """What `metrics.jsonl` holds now, oldest first; empty if there is none."""
    return jsonl.read(self.path) if self.path.exists() else []

  def close(self):
    """Flushes and closes the files; closing twice is harmless."""
    if self._file is not None:
      self.flush()
      self._events.close()
      self._file.close()
      self._file = None

  def __enter__(self) -> 'Writer':
    return self

  def __exit__(self, *exception):
    self.close()


def _append(file: io.FileIO, line: bytes):
  end = file.seek(0, os.SEEK_END)
  try:
    while line:  # a nearly full disk takes a part of a line
      line = line[file.write(line) :]
  except OSError:
    file.truncate(end)
    raise


def _scalar(name: str, value: Any) -> float:
  if name in ('step', 'time'):
    raise ValueError(f'{name!r} is taken: a record has its own {name}')
  try:
    array = np.asarray(value)
    if array.size != 1:
      raise TypeError
    return float(array.reshape(()).item())
  except (TypeError, ValueError):
    raise ValueError(
        f'{name!r} must be a number or an array of one element, found '
        f'{type(value).__name__} of shape {np.shape(value)}'
    ) from None
