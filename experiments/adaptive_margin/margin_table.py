"""What finished runs say: accuracy on novel and validation classes, margins.

  python experiments/adaptive_margin/margin_table.py runs/margin_glyphs

One row a run of margin_runs.py. A mean is over seeds; beside it the interval
over the tasks of all seeds together, which all runs share, and what training
anew changes: the standard deviation over seeds. `against` is the mean of the
differences, task by task and with its interval, from the same method without a
margin, and of methods without one from prototypes. Prints the tables and writes
them to TABLE.md in the folder; `--paper` adds the paper's numbers.
"""

import argparse
import json
import pathlib
from typing import Any

import margin_runs
import numpy as np

from lsl_jax import evaluation, report

HERE = pathlib.Path(__file__).parent
SPLITS = ('novel', 'base', 'all', 'novel_only', 'novel_prior', 'all_prior')


def read(folder: pathlib.Path) -> dict[str, dict[int, dict[str, Any]]]:
  """Finished runs: by name, then by seed."""
  found: dict[str, dict[int, dict[str, Any]]] = {}
  for place in sorted(folder.glob(f'seed*/*/{report.results.JSON_NAME}')):
    workdir = place.parent
    seed = int(workdir.parent.name.removeprefix('seed'))
    with np.load(workdir / 'trials.npz') as file:
      trials = {name: file[name] for name in file.files}
    records = [
        json.loads(line)
        for line in (workdir / report.METRICS_FILE).read_text().splitlines()
    ]
    found.setdefault(workdir.name, {})[seed] = {
        'trials': trials,
        'slope': [r['margin_slope'] for r in records if 'margin_slope' in r],
        'margin': [r['margin'] for r in records if 'margin' in r],
        'validation': max(
            (r['validation'] for r in records if 'validation' in r),
            default=float('nan'),
        ),
    }
  return found


def rows(
    found: dict[str, dict[int, dict[str, Any]]], split: str
) -> list[dict[str, Any]]:
  """Numbers of each run, in per cent, in the order of `margin_runs.RUNS`."""
  result = []
  for name in sorted(found, key=list(margin_runs.RUNS).index):
    runs = found[name]
    accuracies = {seed: _accuracy(run, split) for seed, run in runs.items()}
    if any(values is None for values in accuracies.values()):
      continue
    means = [float(np.mean(values)) for values in accuracies.values()]
    pooled = np.concatenate(list(accuracies.values()))
    mean, half_width = evaluation.confidence_interval(pooled)
    row: dict[str, Any] = {
        'run': name,
        'seeds': len(runs),
        'mean': 100 * float(mean),
        'half_width': 100 * float(half_width),
        'deviation': (
            100 * float(np.std(means, ddof=1))
            if len(means) > 1
            else float('nan')
        ),
        'validation': (
            100 * float(np.mean([run['validation'] for run in runs.values()]))
        ),
        'slope': [run['slope'][-1] for run in runs.values() if run['slope']],
        'margin': [run['margin'][-1] for run in runs.values() if run['margin']],
        'against': None,
    }
    others = found.get(plain(name), {})
    shared = sorted(set(runs) & set(others))
    if shared:
      differences = [
          _accuracy(runs[seed], split) - _accuracy(others[seed], split)
          for seed in shared
      ]
      mean, half_width = evaluation.confidence_interval(
          np.concatenate(differences)
      )
      row['against'] = 100 * float(mean), 100 * float(half_width)
    result.append(row)
  return result


def plain(name: str) -> str:
  """The run that another is compared with, '' for none.

  >>> [plain(name) for name in ('am3_task', 'am3', 'task_meta', 'general')]
  ['am3', 'none', 'none', '']
  """
  method = name.partition('_')[0]
  if method != name and method in ('am3', 'dynamic', 'general'):
    return method
  return '' if name in ('none', 'general') else 'none'


def _accuracy(run: dict[str, Any], split: str) -> Any:
  """Of every task or draw at the largest number of shots, `[T]`."""
  names = [name for name in run['trials'] if f'/{split}/' in name]
  if not names:
    return None
  values = run['trials'][names[-1]]
  return values if values.ndim == 1 else values[:, -1]


def as_markdown(found: dict[str, dict[int, dict[str, Any]]]) -> str:
  """The tables."""
  lines: list[str] = []
  for split in SPLITS:
    numbers = rows(found, split)
    if not numbers:
      continue
    lines += [
        f'Accuracy on {split} classes, %:',
        '',
        '| run | seeds | mean and interval over tasks | deviation over seeds |'
        ' against | validation tasks | last margin | its slope |',
        '|---|---|---|---|---|---|---|---|',
    ]
    for row in numbers:
      against = (
          ''
          if row['against'] is None
          else '{:+.2f} ± {:.2f}'.format(*row['against'])
      )
      lines.append(
          f'| {row["run"]} | {row["seeds"]} | {row["mean"]:.2f} ±'
          f' {row["half_width"]:.2f} | {row["deviation"]:.2f} | {against} |'
          f' {row["validation"]:.2f} | {_each(row["margin"])} |'
          f' {_each(row["slope"])} |'
      )
    lines.append('')
  return '\n'.join(lines)


def paper() -> str:
  """The paper's rows, with the run that each is."""
  tables = json.loads((HERE / 'paper.json').read_text())['tables']
  lines: list[str] = []
  for number, methods in tables.items():
    lines += [f'The paper, table {number}:', '']
    for position, (name, row) in enumerate(methods.items()):
      cells = {k: v for k, v in row.items() if k != 'run'}
      if position == 0:
        lines.append(f'| method | run | {" | ".join(map(str, cells))} |')
        lines.append('|---' * (2 + len(cells)) + '|')
      shown = ' | '.join(
          ' '.join(map(str, value.values()))
          if isinstance(value, dict)
          else '{} ± {}'.format(*value)
          for value in cells.values()
      )
      lines.append(f'| {name.replace(" | ", ", ")} | {row["run"]} | {shown} |')
    lines.append('')
  return '\n'.join(lines)


def _each(values: list[float]) -> str:
  return ', '.join(f'{value:.2f}' for value in values)


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('folder', type=pathlib.Path, help='of margin_runs.py')
  parser.add_argument('--paper', action='store_true', help='its numbers, too')
  options = parser.parse_args()
  found = read(options.folder)
  if not found:
    parser.error(f'{options.folder} holds no finished run of margin_runs.py')
  text = as_markdown(found)
  if options.paper:
    text += '\n' + paper()
  report.atomic.write(options.folder / 'TABLE.md', text)
  print(text)


if __name__ == '__main__':
  main()
