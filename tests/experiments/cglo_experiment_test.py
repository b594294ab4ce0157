"""The scripts of experiments/cglo on made-up runs, and its benchmark."""

import importlib
import json
import pathlib
import sys

import numpy as np
import pytest

_EXPERIMENTS = pathlib.Path(__file__).parents[2] / 'experiments'


@pytest.fixture(scope='module')
def scripts():
  """Imports a script by name, as its neighbours do."""
  folders = [str(_EXPERIMENTS / name) for name in ('cglo', 'benchmarks')]
  sys.path[:0] = folders
  yield importlib.import_module
  for folder in folders:
    sys.path.remove(folder)


def _finish(folder, value, metrics=('top1', 'top5')):
  folder.mkdir(parents=True)
  rows = [
      {
          'method': 'whatever the config says',
          'shots': 25,
          'split': 'all',
          'metric': metric,
          'mean': value,
          'half_width': 0.01,
      }
      for metric in metrics
  ]
  (folder / 'results.json').write_text(json.dumps({'rows': rows}))


def test_a_row_is_one_command_and_takes_generators_that_are_there(
    scripts, tmp_path
):
  sample_rows = scripts('sample_rows')
  make = lambda row: sample_rows.command(
      'configs/cglo_glyphs.py:smoke', str(tmp_path), 5, row, ['seed=3']
  )
  words = make('lerp')
  assert '--config=configs/cglo_glyphs.py:5,lerp,smoke' in words
  assert f'--workdir={tmp_path}/n5/lerp' in words
  assert '--config.seed=3' in words
  assert not any('cglo.workdir' in word for word in words)
  _finish(tmp_path / 'n5' / 'cglo', 0.5)
  assert f'--config.cglo.workdir={tmp_path}/n5/cglo' in make('lerp')
  # Another noise is another generator.
  assert not any('cglo.workdir' in word for word in make('no_noise'))


def test_every_row_is_one_of_variants_that_exist(scripts, get_variants):
  for row in scripts('sample_rows').ROWS.values():
    assert {*row.variants} <= get_variants


@pytest.fixture
def get_variants():
  from lsl_jax.pipeline.variants import small_samples

  return {*small_samples.VARIANTS}


def test_tables_set_what_was_measured_beside_the_papers_numbers(
    scripts, tmp_path
):
  tables = scripts('sample_tables')
  _finish(tmp_path / 'n25' / 'cglo', 0.45)
  _finish(tmp_path / 'n25' / 'baseline', 0.35)
  rows = tables.measured(str(tmp_path))
  _, lines = tables.lay_out('3', rows, everything=False)
  assert {line[1] for line in lines} == {'cGLO', 'Baseline'}
  cglo = next(
      line for line in lines if line[1] == 'cGLO' and 'Top-1' in line[3]
  )
  assert cglo[4] == '43.84'
  assert cglo[5].startswith('45.00')
  assert cglo[6] == '+1.16'
  _, lines = tables.lay_out('3', rows, everything=True)
  assert {line[1] for line in lines} > {'cGLO', 'Baseline', 'lerp'}
  assert tables.lay_out('4', rows, everything=False)[1] == []


def test_the_papers_numbers_are_all_there(scripts):
  tables = scripts('sample_tables')
  counts = {table: len(tables.entries(table)) for table in tables.TABLES}
  assert counts == {'1': 24, '2': 24, '3': 12, '4': 10, '5': 7, '6': 8}
  for table, (rows, metrics) in tables.TABLES.items():
    named = {(e['method'], e['metric']) for e in tables.entries(table)}
    titles = scripts('sample_rows').ROWS
    assert named == {(titles[r].title, m) for r in rows for m in metrics}


def test_separation_is_one_where_classes_mean_nothing(scripts):
  separation = scripts('latent_space').separation
  rng = np.random.default_rng(0)
  codes = rng.normal(size=(200, 8))
  labels = np.arange(200) % 4
  assert separation(codes, labels) == pytest.approx(1, abs=0.03)
  apart = codes + 3 * np.eye(8)[labels]
  assert separation(apart, labels) > 1.5


def test_the_benchmark_tells_the_share_of_synthesis(scripts):
  cglo = scripts('cglo')
  result = {
      'machine': {'cores': '2'},
      'device': 'cpu',
      'sizes': {'batch': 10, 'repeats': 2},
      'lsl_jax': {
          'generator': [0.5, 0.4],
          'classifier': [0.9, 1.0],
          'classifier with synthesis': [1.0, 1.2],
      },
      'temporary memory': {'classifier': 1e6, 'classifier with synthesis': 2e6},
      'many codes': {'1000': {'rows': [0.01], 'all': [0.02]}},
      'PyTorch': {'generator': [0.8], 'many codes': {'1000': [0.03]}},
  }
  text = cglo.as_markdown(result)
  assert 'Synthesis takes 10.0 %' in text
  assert '| generator | lsl_jax | 400.0 (450.0) | 25.0 |' in text
  assert '| generator | PyTorch | 800.0 (800.0) | 12.5 |' in text
  assert '| 1,000 | 10.0 | 20.0 | 30.0 |' in text


@pytest.mark.parametrize(
    ('gains', 'verdict'),
    [
        ([0.02, 0.021, 0.019], 'holds'),
        ([-0.02, -0.021, -0.019], 'does not hold'),
        ([0.02, -0.02, 0.01], 'undecided'),
        ([0.02], 'undecided'),
    ],
)
def test_a_claim_is_judged_by_differences_within_seeds(
    scripts, tmp_path, monkeypatch, capsys, gains, verdict
):
  levels = np.array([0.3, 0.5, 0.4])[: len(gains)]
  for shots, share in ((10, 1.0), (25, 0.5)):
    rows = {'baseline': levels, 'cglo': levels + share * np.array(gains)}
    for row, values in rows.items():
      folder = tmp_path / f'n{shots}' / row
      folder.mkdir(parents=True)
      found = [{'top1': value, 'top5': value} for value in values]
      content = {'metadata': {'accuracies': found}, 'rows': []}
      (folder / 'results.json').write_text(json.dumps(content))
  arguments = ['sample_claims.py', f'--workdir={tmp_path}']
  monkeypatch.setattr(sys, 'argv', arguments)
  scripts('sample_claims').main()
  text = (tmp_path / 'claims.md').read_text()
  assert text in capsys.readouterr().out
  lines = [line for line in text.splitlines() if 'top1' in line]
  assert len(lines) == 3  # at both numbers of images, and one against the other
  mean = 100 * np.mean(gains)
  for line, share in zip(lines, (1, 0.5, 0.5), strict=True):
    assert f'{share * mean:+.2f} ±' in line
    assert line.endswith(f'| {len(gains)} | {verdict} |')
  assert '10 against 25' in lines[2]


def test_claims_need_finished_rows(scripts, tmp_path, monkeypatch, capsys):
  arguments = ['sample_claims.py', f'--workdir={tmp_path}']
  monkeypatch.setattr(sys, 'argv', arguments)
  with pytest.raises(SystemExit):
    scripts('sample_claims').main()
  assert 'run sample_rows.py' in capsys.readouterr().err
