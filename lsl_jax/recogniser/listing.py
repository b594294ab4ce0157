"""Answers of a recogniser, file by file, as CSV or JSON."""

from collections.abc import Sequence
import csv
import io
import json
import pathlib
from typing import Any


def record(file: pathlib.Path, **known: Any) -> dict[str, Any]:
  """What is known of one file; what is not is empty."""
  empty = {'prediction': '', 'score': None, 'ranking': [], 'nearest': []}
  return {'file': str(file), **empty, 'error': '', **known}


def as_json(records: Sequence[dict[str, Any]]) -> str:
  """A list of records."""
  return json.dumps(records, indent=2, ensure_ascii=False) + '\n'


def as_csv(records: Sequence[dict[str, Any]]) -> str:
  """A line a record, with as many ranks as the longest one has."""
  depth = max((len(one['ranking']) for one in records), default=0)
  ranks = range(1, depth + 1)
  buffer = io.StringIO()
  table = csv.writer(buffer, lineterminator='\n')
  table.writerow(
      ['file', 'prediction', 'score']
      + [f'{what}_{rank}' for rank in ranks for what in ('class', 'score')]
      + ['error']
  )
  for one in records:
    cells = [cell for r in one['ranking'] for cell in (r['class'], r['score'])]
    cells += [''] * (2 * depth - len(cells))
    score = '' if one['score'] is None else one['score']
    table.writerow(
        [one['file'], one['prediction'], score, *cells, one['error']]
    )
  return buffer.getvalue()
