"""Which of the paper's claims hold, with intervals, as a Markdown table.

Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018.

  python experiments/imprinting/claims.py --workdir=runs/glyphs

Reads the finished runs that evidence.py, table.py and figure.py have left. Both
sides of a difference learn from the same support sets and, where they share a
representation, from the same network: it is taken draw by draw. A seed's number
is the mean over its draws, and the interval is Student's over seeds; of a
single seed, over its draws, and then it is about that one network. Writes
claims.md and claims.json.
"""

import argparse
import glob
import json
import math
import os
import re
from typing import Any, NamedTuple

import differences
import measured
import runs
import verdicts

from lsl_jax import report
from lsl_jax.pipeline import scripting

_HEADER = [
    'claim',
    'difference',
    'n',
    'measured (points)',
    'paper',
    'claimed',
    'interval over',
    'verdict',
]


class Result(NamedTuple):
  """One difference, judged.

  Attributes:
    claim: of the paper.
    comparison: what is subtracted from what.
    shots: n, in words.
    estimate: of the difference, in points.
    paper: the paper's difference, where it gives both numbers.
    claimed: what is said of the difference.
    verdict: whether that holds.
  """

  claim: str
  comparison: str
  shots: str
  estimate: measured.Estimate
  paper: float | None
  claimed: str
  verdict: str


def judge(found: differences.Runs) -> list[Result]:
  """All differences that the runs allow, in the order of the paper's claims."""
  results = []
  for difference in differences.find(found):
    estimate = measured.estimate(difference.by_seed)
    results.append(
        Result(
            difference.claim,
            difference.comparison,
            difference.shots,
            estimate,
            difference.paper,
            str(difference.claimed),
            verdicts.decide(difference.claimed, estimate),
        )
    )
  return results


def lines(results: list[Result]) -> list[list[str]]:
  """The cells of the table."""
  return [
      [
          result.claim,
          result.comparison,
          result.shots,
          _points(result.estimate),
          '–' if result.paper is None else f'{result.paper:+.2f}',
          result.claimed,
          result.estimate.source,
          result.verdict,
      ]
      for result in results
  ]


def summary(results: list[Result]) -> list[list[str]]:
  """A line a comparison: for which n the claim has which verdict."""
  grouped: dict[tuple[str, str], dict[str, list[str]]] = {}
  for result in results:
    group = grouped.setdefault((result.claim, result.comparison), {})
    group.setdefault(result.verdict, []).append(result.shots)
  return [
      [
          *key,
          next(iter(group))
          if len(group) == 1
          else '; '.join(
              f'{verdict} at n = {", ".join(shots)}'
              for verdict, shots in group.items()
          ),
      ]
      for key, group in grouped.items()
  ]


def read(workdir: str, seeds: list[int] | None = None) -> differences.Runs:
  """All finished runs, by name and seed.

  Args:
    workdir: the folder of all runs.
    seeds: which to read; all that are there if None.

  Returns:
    `{name: {seed: run}}`.

  Raises:
    FileNotFoundError: there is no finished run.
    ValueError: runs of one name differ in more than the seed.
  """
  if seeds is None:
    folders = glob.glob(os.path.join(glob.escape(workdir), 'seed*'))
    names = [re.fullmatch(r'seed(\d+)', os.path.basename(f)) for f in folders]
    seeds = sorted(int(match[1]) for match in names if match)
  found: dict[str, dict[int, measured.Measured]] = {}
  for name in runs.RUNS:
    for seed in seeds:
      run = measured.read(os.path.join(workdir, f'seed{seed}', name))
      if run is not None:
        found.setdefault(name, {})[seed] = run
  if not found:
    raise FileNotFoundError(
        f'{workdir} has no finished run of the seeds {seeds}; evidence.py,'
        ' table.py and figure.py make them'
    )
  for name, by_seed in found.items():
    measured.check_same_config(name, by_seed)
  return found


def write(workdir: str, results: list[Result]) -> str:
  """Writes claims.md and claims.json; returns the text of the first."""
  text = '\n'.join(
      [
          report.tables.markdown(
              ['claim', 'difference', 'verdict'], summary(results)
          ),
          report.tables.markdown(_HEADER, lines(results)),
      ]
  )
  path = os.path.join(workdir, 'claims')
  report.atomic.write(f'{path}.md', text)
  content = [_plain(result) for result in results]
  report.atomic.write(f'{path}.json', json.dumps(content, indent=1) + '\n')
  return text


def _points(estimate: measured.Estimate) -> str:
  # Adding zero turns -0.0 into 0.0.
  text = f'{round(estimate.mean, 2) + 0.0:+.2f}'
  if not math.isnan(estimate.half_width):
    text += f' ± {estimate.half_width:.2f}'
  return text


def _plain(result: Result) -> dict[str, Any]:
  estimate = result.estimate._asdict()
  if math.isnan(estimate['half_width']):
    estimate['half_width'] = None
  return {**result._asdict(), 'estimate': estimate}


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__,
      formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument('--workdir', required=True, help='folder of all runs')
  parser.add_argument(
      '--seeds', type=int, nargs='+', help='all that are there by default'
  )
  options = parser.parse_args()
  results = judge(read(options.workdir, options.seeds))
  print(write(options.workdir, results))


if __name__ == '__main__':
  scripting.start(main)
