"""The paper's numbers, from paper.json."""

import functools
import json
import pathlib
from typing import Any

_FILE = pathlib.Path(__file__).with_name('paper.json')
# What this package calls the methods of other papers.
CALLED = {
    'Generation + Classifier': 'Generator + Classifier',
    'Matching Network': 'Matching Networks',
}


def methods(table: int) -> list[str]:
  """The rows of a table."""
  return list(_tables()[str(table)])


def entries(table: int, split: str) -> list[dict[str, Any]]:
  """A table as `report.compare.cells` takes it."""
  return [
      {
          'method': method,
          'shots': int(shots),
          'split': split,
          'metric': 'top1',
          'percent': percent,
      }
      for method, row in _tables()[str(table)].items()
      for shots, percent in row.items()
  ]


def percent(table: int, method: str, shots: int) -> float | None:
  """One number of a table; None where the paper has it not, or it is lost."""
  return _tables()[str(table)].get(method, {}).get(str(shots))


@functools.cache
def _tables() -> dict[str, dict[str, dict[str, float | None]]]:
  return json.loads(_FILE.read_text(encoding='utf-8'))['tables']
