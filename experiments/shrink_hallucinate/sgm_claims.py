"""Which of the paper's claims hold, with intervals.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017, section 6.4. Both sides of a difference learn from the same
draws of a seed; a seed's number is the mean over its draws, and the interval is
Student's over seeds, or, of a single seed, over its draws, and then about that
one network. A claim holds where all of the interval agrees, does not where none
of it does, and is undecided in between.
"""

from typing import Any, NamedTuple

import sgm_study as study_lib

from lsl_jax import evaluation

_BASE = ('baseline', 'logistic')


class Claim(NamedTuple):
  """What is said of a difference, in points.

  Attributes:
    text: in words.
    left: run and learner.
    right: what is subtracted.
    metric: as results have it.
    shots: numbers of shots, each judged by itself.
    least: the difference is said to be above this.
  """

  text: str
  left: tuple[str, str]
  right: tuple[str, str]
  metric: str
  shots: tuple[int, ...]
  least: float = 0.0


def _generation(run: str) -> list[Claim]:
  left, right = (run, 'logistic_hallucinate'), (run, 'logistic')
  return [
      Claim(
          f'{run}: hallucination raises few-shot novel accuracy',
          left,
          right,
          'novel/top5',
          (1, 2),
      ),
      *(
          Claim(
              f'{run}: hallucination does not hurt {words} (1 point)',
              left,
              right,
              f'{split}/top5',
              (1, 2),
              -1.0,
          )
          for words, split in (
              ('all classes', 'all'),
              ('base classes', 'base'),
              ('novel classes among themselves', 'novel_only'),
          )
      ),
  ]


CLAIMS = [
    *_generation('baseline'),
    *_generation('sgm'),
    *(
        Claim(
            f'{run} raises novel accuracy over the baseline',
            (run, 'logistic'),
            _BASE,
            'novel/top5',
            (1, 2, 5),
        )
        for run in ('sgm', 'batch_sgm', 'l2', 'l1', 'dropout')
    ),
    *(
        Claim(
            f'{run} does not hurt all classes (1 point)',
            (run, 'logistic'),
            _BASE,
            'all/top5',
            (1, 2, 5),
            -1.0,
        )
        for run in ('sgm', 'batch_sgm', 'l2')
    ),
    *(
        Claim(
            f'{strong} raises it more than {run}',
            (strong, 'logistic'),
            (run, 'logistic'),
            'novel/top5',
            (1, 2, 5),
        )
        for strong in ('sgm', 'batch_sgm', 'l2')
        for run in ('l1', 'dropout')
    ),
    *(
        Claim(
            f'both together are better than {words} alone',
            ('sgm', 'logistic_hallucinate'),
            other,
            metric,
            (1, 2),
        )
        for words, other in (
            ('generation', ('baseline', 'logistic_hallucinate')),
            ('sgm', ('sgm', 'logistic')),
        )
        for metric in ('novel/top5', 'all/top5')
    ),
]
# Gains that are said to shrink as n grows: left minus right at the first number
# of shots, minus the same at the last.
SHRINKING = [
    ('gain of hallucination', ('baseline', 'logistic_hallucinate'), _BASE),
    *(
        (f'gain of {run}', (run, 'logistic'), _BASE)
        for run in ('sgm', 'batch_sgm', 'l2', 'l1', 'dropout')
    ),
]


def judge(study: study_lib.Study, seeds: list[int]) -> list[dict[str, Any]]:
  """Every claim that the finished runs allow."""
  results = []
  for claim in CLAIMS:
    for shots in claim.shots:
      values = _differences(study, seeds, claim.left, claim.right, claim.metric)
      at = [by_shots[shots] for by_shots in values if shots in by_shots]
      if at:
        results.append(_verdict(claim, f'{shots}', at))
  for text, left, right in SHRINKING:
    at = []
    for by_shots in _differences(study, seeds, left, right, 'novel/top5'):
      first, last = min(by_shots), max(by_shots)
      at.append(by_shots[first] - by_shots[last])
    if at:
      claim = Claim(f'{text} shrinks as n grows', left, right, 'novel/top5', ())
      results.append(_verdict(claim, f'{first} against {last}', at))
  return results


def markdown(results: list[dict[str, Any]]) -> str:
  """A table."""
  lines = [
      '# Claims',
      '',
      '| claim | metric | n | difference, points | seeds | verdict |',
      '|:--|:--|:--|--:|--:|:--|',
  ]
  lines += [
      f'| {r["claim"]} | {r["metric"]} | {r["shots"]} | {r["mean"]:+.2f} ±'
      f' {r["half_width"]:.2f} | {r["seeds"]} | {r["verdict"]} |'
      for r in results
  ]
  return '\n'.join([*lines, ''])


def _differences(study, seeds, left, right, metric) -> list[dict[int, Any]]:
  """By seed: points `[T]` by number of shots."""
  found = []
  for seed in seeds:
    sides = [
        study.accuracies(run, seed, learner, metric)
        for run, learner in (left, right)
    ]
    if any(side is None for side in sides):
      continue
    columns = study.shots(left[0], seed)
    apart = 100 * (sides[0] - sides[1])
    found.append({n: apart[:, i] for i, n in enumerate(columns)})
  return found


def _verdict(claim: Claim, shots: str, values: list[Any]) -> dict[str, Any]:
  mean, width = evaluation.over_seeds(values)
  return {
      'claim': claim.text,
      'metric': claim.metric,
      'shots': shots,
      'mean': mean,
      'half_width': width,
      'seeds': len(values),
      'verdict': evaluation.verdict(mean, width, above=claim.least),
  }
