"""Tables and claims of shrinking and hallucinating, from runs made up."""

import importlib
import json
import pathlib

import numpy as np
import pytest

# ml_collections loads config files in a way that Python will drop.
pytestmark = pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'
)
_ROOT = pathlib.Path(__file__).parents[2]
_SHOTS = [1, 2, 20]
# Novel top-5 by run and learner, at each number of shots.
_LEVELS = {
    ('baseline', 'logistic'): [0.10, 0.20, 0.60],
    ('baseline', 'logistic_hallucinate'): [0.25, 0.30, 0.60],
    ('sgm', 'logistic'): [0.20, 0.25, 0.62],
    ('sgm', 'logistic_hallucinate'): [0.30, 0.35, 0.62],
}


@pytest.fixture
def script(monkeypatch):
  monkeypatch.syspath_prepend(_ROOT / 'experiments' / 'shrink_hallucinate')
  return importlib.import_module


@pytest.fixture
def study(script, make_run, tmp_path):
  """Two seeds of two runs; seed 1 is 0.01 above seed 0, its draws as well."""
  for seed in (0, 1):
    for run in ('baseline', 'sgm'):
      trials = {}
      for (name, learner), levels in _LEVELS.items():
        if name == run:
          values = np.array(levels) + 0.01 * seed
          draws = [values - 0.005, values + 0.005]
          for split in ('novel', 'all'):
            trials[f'{learner}/{split}/top5'] = draws
          trials[f'{learner}/base_only/top1'] = draws
      make_run(tmp_path / f'seed{seed}' / run, shots=_SHOTS, trials=trials)
  spec = str(_ROOT / 'configs/sgm_glyphs.py')
  return script('sgm_study').Study(spec, str(tmp_path))


def test_tables_figures_and_claims_are_written(study, script, tmp_path):
  script('sgm_report').write(study, [0, 1], 'ResNet-10')
  text = (tmp_path / 'table_1.md').read_text()
  line = next(
      line
      for line in text.splitlines()
      if 'Baseline | Generation + Classifier' in line.replace('\\|', '|')
      and '29.70' in line
  )
  # Means 25 and 26 of two seeds: 12.706 times a standard error of 0.5.
  assert '25.50 ± 6.35' in line and '-4.20' in line
  assert 'not measured' in text
  for figure in (4, 5, 6):
    content = (tmp_path / f'figure_{figure}.png').read_bytes()
    assert content.startswith(b'\x89PNG')
  numbers = json.loads((tmp_path / 'numbers.json').read_text())
  assert {row['split'] for row in numbers['rows']} == {'novel', 'all'}
  assert '| claim ' in (tmp_path / 'claims.md').read_text()
  text = (tmp_path / 'accuracies.md').read_text()
  row = next(x for x in text.splitlines() if 'SGM: Generation' in x)
  assert [cell.strip() for cell in row.split('|')[2:4]] == ['2', '30.50 ± 6.35']


def test_base_accuracy_stands_beside_novel_accuracy(study, script, make_run):
  lib = script('sgm_levels')
  runs = ['baseline', 'sgm', 'l2', 'l1']

  def finish(run, seed, base, novel):
    levels = {'base_only/top1': base, 'novel/top5': novel}
    make_run(
        pathlib.Path(study.folder(run, seed)),
        shots=_SHOTS,
        trials={f'logistic/{k}': [[level] * 3] for k, level in levels.items()},
    )

  assert not lib.markdown(lib.base_and_novel(study, [0, 1], runs))
  # Baseline and sgm have 10 and 20 of both in seed 0, 11 and 21 in seed 1.
  finish('l2', 0, 0.9, 0.05)
  finish('l2', 1, 0.3, 0.5)
  finish('l1', 0, 0.1, 0.99)  # of one seed alone: shown and not counted
  levels = lib.base_and_novel(study, [0, 1], runs)
  assert levels['sgm'][1] == pytest.approx((21, 21))
  expected = [
      np.corrcoef([10, 20, 90], [10, 20, 5])[0, 1],
      np.corrcoef([11, 21, 30], [11, 21, 50])[0, 1],
  ]
  mean, half_width, counted, seeds = lib.correlation(levels)
  assert (counted, seeds) == (['baseline', 'sgm', 'l2'], 2)
  assert mean == pytest.approx(np.mean(expected))
  assert half_width == pytest.approx(12.706 * np.std(expected), rel=1e-3)
  text = lib.markdown(levels)
  assert '| l2 | 2 | 60.00 | 27.50 |' in text
  assert f'over baseline, sgm, l2 is {mean:+.2f} ± {half_width:.2f}' in text
  assert '| l1 | 1 | 10.00 | 99.00 |' in text


def test_differences_are_taken_within_a_seed_and_judged(study, script):
  judged = {
      (r['claim'], r['metric'], r['shots']): r
      for r in script('sgm_claims').judge(study, [0, 1])
  }
  found = judged[
      'baseline: hallucination raises few-shot novel accuracy',
      'novel/top5',
      '1',
  ]
  # The same in both seeds, so the interval has no width.
  assert found['mean'] == pytest.approx(15)
  assert found['half_width'] == pytest.approx(0, abs=1e-9)
  assert (found['verdict'], found['seeds']) == ('holds', 2)
  shrinks = judged[
      'gain of hallucination shrinks as n grows', 'novel/top5', '1 against 20'
  ]
  assert shrinks['mean'] == pytest.approx(15)
  assert not any('dropout' in claim for claim, *_ in judged)


def test_settings_reach_the_run_that_they_name(script, tmp_path):
  study = script('sgm_study').Study(
      str(_ROOT / 'configs/sgm_glyphs.py') + ':smoke',
      str(tmp_path),
      ('views=3', 'sgm:representation.weight=0.5'),
  )
  sgm, l2 = (study.config(name, 4) for name in ('sgm', 'l2'))
  assert (sgm.seed, sgm.views, l2.views) == (4, 3, 3)
  assert sgm.representation.name == 'softmax_sgm'
  assert (sgm.representation.weight, l2.representation.weight) == (0.5, 0.004)
  assert sgm.data.max_classes == 6
  with pytest.raises(ValueError, match='expected KEY=VALUE'):
    script('sgm_study').Study(
        str(_ROOT / 'configs/sgm_glyphs.py'), str(tmp_path), ('views',)
    ).config('sgm', 0)


def test_every_row_of_the_papers_tables_has_a_run(script):
  rows = script('sgm_rows')
  content = json.loads(
      (_ROOT / 'experiments/shrink_hallucinate/paper.json').read_text()
  )
  ours = {row.paper for row in rows.ROWS}
  for table in content['tables'].values():
    for backbone in ('ResNet-10', 'ResNet-50'):
      theirs = {
          name.removeprefix(f'{backbone} | ')
          for name in table
          if name.startswith(backbone)
      }
      assert theirs <= ours
  assert {row.run for row in rows.ROWS} == set(rows.RUNS)
