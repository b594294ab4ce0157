"""What a run leaves: results.json for programs, results.md for people."""

from collections.abc import Iterable, Mapping, Sequence
import json
import math
import os
import pathlib
from typing import Any

import numpy as np

from lsl_jax.report import atomic, tables
from lsl_jax.report import rows as rows_lib

JSON_NAME = 'results.json'
MARKDOWN_NAME = 'results.md'


def write(
    workdir: str | os.PathLike[str],
    rows: Iterable[rows_lib.Row],
    *,
    title: str,
    note: str = '',
    metadata: Mapping[str, Any] | None = None,
    figures: Sequence[str] = (),
) -> list[tuple[str, list[str], list[list[str]]]]:
  """Writes `results.json` and `results.md`, each whole or not at all.

  Args:
    workdir: the folder; made if it does not exist.
    rows: rows of results.
    title: the heading of results.md.
    note: a sentence on what the numbers are, for instance over how many draws
      and with which interval.
    metadata: what else results.json should hold under 'metadata': numbers,
      text, lists and dictionaries of them.
    figures: paths of images relative to the workdir, shown in results.md.

  Returns:
    Of each metric, its title and the header and lines of its table, as
    `tables.show` takes them.

  Raises:
    OSError: a file cannot be written. Names it; an older one is untouched.
    ValueError: as `rows.check`.
  """
  rows = rows_lib.check(rows)
  layouts = [
      (f'{rows_lib.metric_name(metric)} (%)', *tables.cells(rows, metric))
      for metric in rows_lib.distinct(rows, 'metric')
  ]
  parts = [f'# {title}\n', *([f'{note}\n'] if note else [])]
  for name, header, lines in layouts:
    parts.append(f'## {name}\n\n{tables.markdown(header, lines)}')
  parts += [f'![{pathlib.Path(path).stem}]({path})\n' for path in figures]
  content = {
      'title': title,
      'note': note,
      'metadata': metadata or {},
      'rows': rows,
  }
  workdir = pathlib.Path(workdir)
  atomic.write(
      workdir / JSON_NAME,
      json.dumps(_plain(content), ensure_ascii=False, indent=2) + '\n',
  )
  atomic.write(workdir / MARKDOWN_NAME, '\n'.join(parts))
  return layouts


def read(workdir: str | os.PathLike[str]) -> dict[str, Any]:
  """Reads `results.json`.

  Args:
    workdir: the folder that it lies in.

  Returns:
    Its dictionary: 'title', 'note', 'metadata', and 'rows' with NaN for a mean
    that was not finite.

  Raises:
    ValueError: it is not a file of results. Names it.
  """
  path = pathlib.Path(workdir) / JSON_NAME
  try:
    content = json.loads(path.read_bytes())
    for row in content['rows']:
      if row['mean'] is None:
        row['mean'] = float('nan')
  except (KeyError, TypeError, ValueError) as error:
    raise ValueError(
        f'{path} is not a file of results: expected a JSON object with "rows", '
        f'a list of objects with "mean" ({error!r})'
    ) from error
  return content


def _plain(value: Any) -> Any:
  """Turns arrays and their scalars into what JSON knows; not finite is null."""
  if isinstance(value, Mapping):
    return {str(key): _plain(entry) for key, entry in value.items()}
  if isinstance(value, list | tuple):
    return [_plain(entry) for entry in value]
  if isinstance(value, os.PathLike):
    return os.fspath(value)
  if hasattr(value, '__array__'):
    return _plain(np.asarray(value).tolist())
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value
