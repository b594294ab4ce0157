"""Records of scalars, one JSON object a line: read, repaired, truncated."""

from collections.abc import Iterable
import json
import os
import pathlib
from typing import Any

from absl import logging
import numpy as np

from lsl_jax.report import atomic

Record = dict[str, Any]


def read(path: str | os.PathLike[str]) -> list[Record]:
  """Reads the records of a file that may still be being written.

  Args:
    path: a file of one JSON object a line, each with an integer `step`.

  Returns:
    The records in the order of the file. A last line that is not whole, as a
    running or a killed process leaves it, is left out.

  Raises:
    ValueError: another line is no record. Names the file and the line.
  """
  path = pathlib.Path(path)
  *lines, last = path.read_bytes().split(b'\n')
  records = []
  for number, line in enumerate(lines, 1):
    if line.strip():
      record = _parse(line)
      if record is None:
        raise ValueError(
            f'{path}, line {number}: expected a JSON object with an integer '
            f'"step", found {line[:60]!r}'
        )
      records.append(record)
  # Without its newline a line may be cut in two, and yet be valid JSON: a
  # number can lose digits. But an object that has its closing brace is whole.
  whole = _parse(last)
  return [*records, whole] if whole is not None else records


def repair(path: str | os.PathLike[str], last_step: int | None = None) -> int:
  """Leaves whole records only, and none of a step after `last_step`.

  A process that was killed may have left half a line. And a run that goes on
  from a checkpoint repeats the steps after it: without truncation each of them
  would stand in the file twice and curves would double back.

  Args:
    path: the file; need not exist.
    last_step: the step that the run goes on from, or None to keep all steps.

  Returns:
    How many lines were dropped. The file is replaced only if it changes.
  """
  path = pathlib.Path(path)
  if not path.exists():
    return 0
  content = path.read_bytes()
  kept, broken, later = [], 0, 0
  for line in content.split(b'\n'):
    if not line.strip():
      continue
    record = _parse(line)
    if record is None:
      broken += 1
    elif last_step is not None and record['step'] > last_step:
      later += 1
    else:
      kept.append(line + b'\n')
  if broken:
    logging.warning('%s: dropped %d line(s) that were not whole', path, broken)
  repaired = b''.join(kept)
  if repaired != content:
    atomic.write(path, repaired)
  return broken + later


def curves(
    records: Iterable[Record],
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
  """Gathers records into one curve a name.

  Args:
    records: dictionaries with `step` and scalars, as `read` returns them.

  Returns:
    Of each name in the order of first appearance, its steps, `[points]` int64
    in increasing order, and its values, `[points]` float64 with NaN for null.
    Of a step that was recorded twice, the later record counts.
  """
  points: dict[str, dict[int, float]] = {}
  for record in records:
    for name, value in record.items():
      if name not in ('step', 'time'):
        value = float('nan') if value is None else float(value)
        points.setdefault(name, {})[record['step']] = value
  return {
      name: (
          np.array(sorted(by_step), np.int64),
          np.array([by_step[step] for step in sorted(by_step)], np.float64),
      )
      for name, by_step in points.items()
  }


def _parse(line: bytes) -> Record | None:
  try:
    record = json.loads(line)
  except ValueError:  # covers what is not JSON and what is not UTF-8
    return None
  if isinstance(record, dict) and isinstance(record.get('step'), int):
    return record
  return None
