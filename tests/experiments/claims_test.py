import json

import pytest


@pytest.fixture
def claims(script):
  return script('claims')


def _by_key(results):
  return {(r.claim, r.comparison, r.shots): r for r in results}


def _make_transfer(make_run, workdir, seed, imprint, nearest, **changes):
  make_run(
      workdir / f'seed{seed}' / 'transfer',
      shots=[1, 2],
      trials={'imprint/novel/top1': imprint, 'nearest/novel/top1': nearest},
      **changes,
  )


def test_differences_are_taken_draw_by_draw(claims, make_run, tmp_path):
  # The levels of the draws differ by far more than the two learners do.
  _make_transfer(
      make_run,
      tmp_path,
      0,
      imprint=[[0.1, 0.2], [0.5, 0.6], [0.8, 0.9]],
      nearest=[[0.1, 0.17], [0.5, 0.58], [0.8, 0.89]],
  )
  results = _by_key(claims.judge(claims.read(str(tmp_path))))
  averaging = results[
      'averaging beats nearest neighbour',
      'Imprinting − Nearest neighbour, softmax, transfer',
      '2',
  ]
  # 3, 2 and 1 points: standard deviation 1, t for two degrees 4.303.
  assert averaging.estimate.mean == pytest.approx(2)
  assert averaging.estimate.half_width == pytest.approx(2.484, abs=1e-3)
  assert averaging.verdict == 'undecided'
  more = results['more shots help', 'Imprinting, transfer', '1 → 2']
  assert more.estimate.mean == pytest.approx(10)
  assert more.verdict == 'holds'
  # One shot is left out: there both are the same classifier.
  assert len(results) == 2


def test_several_seeds_count_once_each(claims, make_run, tmp_path):
  for seed, gain in ((0, 0.01), (1, 0.02), (3, 0.03)):
    _make_transfer(
        make_run,
        tmp_path,
        seed,
        imprint=[[0.5, 0.5 + gain - 0.1], [0.5, 0.5 + gain + 0.1]],
        nearest=[[0.5, 0.5], [0.5, 0.5]],
    )
  results = _by_key(claims.judge(claims.read(str(tmp_path))))
  result = results[
      'averaging beats nearest neighbour',
      'Imprinting − Nearest neighbour, softmax, transfer',
      '2',
  ]
  assert result.estimate.mean == pytest.approx(2)
  assert result.estimate.half_width == pytest.approx(2.484, abs=1e-3)
  assert result.estimate.source == '3 seeds, 2 draws each'


def test_fine_tuning_is_compared_with_its_start_and_with_random(
    claims, make_run, tmp_path
):
  imprinted = {1: [[0.3, 0.4], [0.3, 0.42]], 5: [[0.5, 0.7], [0.5, 0.7]]}
  random = {1: [[0.0, 0.1], [0.0, 0.1]], 5: [[0.0, 0.6], [0.0, 0.64]]}
  make_run(
      tmp_path / 'seed0' / 'finetune',
      shots=[1, 5],
      curves=[
          (f'{name}_finetune', n, draw, points)
          for name, curves in (('imprint', imprinted), ('random', random))
          for n, draws in curves.items()
          for draw, points in enumerate(draws)
      ],
  )
  results = _by_key(claims.judge(claims.read(str(tmp_path), [0])))
  where = 'novel classes'
  helps = results[
      'fine-tuning helps', f'Imprinting + FT − Imprinting, {where}', '1'
  ]
  assert helps.estimate.mean == pytest.approx(11)
  assert helps.paper == pytest.approx(18.67 - 21.26)
  against = f'Imprinting + FT − Rand + FT, {where}'
  initialisation = 'imprinted initialisation beats random'
  start = results[initialisation, against, '5']
  assert start.estimate.mean == pytest.approx(8)
  most = results[
      f'{initialisation}, most at 1 and 2 shots', against, '1 against 5'
  ]
  # 30 - 10 and 32 - 6 points.
  assert most.estimate.mean == pytest.approx(23)
  assert most.paper == pytest.approx((18.67 - 5.25) - (46.08 - 34.95))


def test_paper_and_embedding_size_are_not_mixed_up(claims, make_run, tmp_path):
  for size, value in ((64, 0.5), (256, 0.51)):
    make_run(
        tmp_path / 'seed0' / f'd{size}',
        shots=[1],
        trials={'imprint/novel/top1': [[value], [value]]},
    )
  (result,) = claims.judge(claims.read(str(tmp_path)))
  assert result.comparison == 'Imprinting, D = 256 − D = 64, novel classes'
  assert result.estimate.mean == pytest.approx(1)
  assert result.verdict == 'holds'
  assert result.paper is None


def test_runs_with_other_support_sets_are_not_compared(
    claims, make_run, tmp_path
):
  for name, draws in (('transfer', 'a'), ('lifted', 'b')):
    make_run(
        tmp_path / 'seed0' / name,
        shots=[1],
        trials={'imprint/novel/top1': [[0.5]]},
        draws=draws,
    )
  with pytest.raises(ValueError, match='transfer and lifted drew different'):
    claims.judge(claims.read(str(tmp_path)))


def test_a_folder_without_finished_runs_is_refused(claims, tmp_path):
  with pytest.raises(FileNotFoundError, match='no finished run'):
    claims.read(str(tmp_path))


def test_the_table_has_every_number_and_the_summary_every_verdict(
    claims, make_run, tmp_path
):
  _make_transfer(
      make_run,
      tmp_path,
      0,
      imprint=[[0.1, 0.25], [0.2, 0.31]],
      nearest=[[0.1, 0.2], [0.2, 0.3]],
  )
  results = claims.judge(claims.read(str(tmp_path)))
  summary, table = claims.write(str(tmp_path), results).split('\n\n')
  assert (tmp_path / 'claims.md').read_text() == f'{summary}\n\n{table}'
  assert 'averaging beats nearest neighbour' in summary
  cells = [cell.strip() for cell in table.splitlines()[2].split('|')[1:-1]]
  assert cells == [
      'more shots help',
      'Imprinting, transfer',
      '1 → 2',
      '+13.00 ± 25.41',
      '–',
      '> 0',
      '2 draws of one seed',
      'undecided',
  ]
  written = json.loads((tmp_path / 'claims.json').read_text())
  assert written[0]['estimate']['seeds'] == 1
  assert written[0]['verdict'] == 'undecided'


def test_a_summary_says_where_verdicts_part(claims, script):
  estimate = script('measured').Estimate(0.0, 0.0, 1, 1)
  make = lambda n, verdict: claims.Result(
      'claim', 'a − b', n, estimate, None, '> 0', verdict
  )
  assert claims.summary([make('1', 'holds'), make('2', 'holds')]) == [
      ['claim', 'a − b', 'holds']
  ]
  parted = [make('1', 'undecided'), make('2', 'holds'), make('5', 'holds')]
  assert claims.summary(parted) == [
      ['claim', 'a − b', 'undecided at n = 1; holds at n = 2, 5']
  ]
