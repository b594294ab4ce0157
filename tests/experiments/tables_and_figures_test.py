import json
import pathlib

import pytest

# ml_collections loads config files in a way that Python will drop.
pytestmark = pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'
)
_GLYPHS = str(pathlib.Path(__file__).parents[2] / 'configs/imprint_glyphs.py')
_SHOTS = [1, 5]


@pytest.fixture
def experiment(script, make_run, tmp_path, monkeypatch):
  """Two seeds of every run, made up: seed 1 is 0.2 above seed 0."""
  runs = script('runs')
  monkeypatch.setattr(
      runs.pipeline, 'run', lambda *_: pytest.fail('it is finished')
  )
  for seed, level in ((0, 0.2), (1, 0.4)):
    for name, run in runs.RUNS.items():
      trials, curves = {}, []
      for number, learner in enumerate(run.learners):
        value = level + 0.1 * number
        if runs.registry.LEARNERS[learner].consumes == 'images':
          curves += [(learner, n, 0, [0.0, value]) for n in _SHOTS]
        else:
          for split in ('novel', 'all'):
            trials[f'{learner}/{split}/top1'] = [[value, value]]
      make_run(
          tmp_path / f'seed{seed}' / name,
          shots=_SHOTS,
          trials=trials,
          curves=curves,
      )
  return runs.Experiment(_GLYPHS, str(tmp_path))


def test_a_table_shows_paper_against_measured(experiment, script, tmp_path):
  header, lines = script('table').make(experiment, 1, [0, 1])
  assert header[-3:] == ['paper (%)', 'measured (%)', 'difference']
  by_key = {(line[1], line[2]): line[-3:] for line in lines}
  # Means 0.3 and 0.5 of two seeds: 12.706 times a standard error of 0.1.
  assert by_key['Imprinting', '5'] == ['39.52', '40.00 ± 127.06', '+0.48']
  assert by_key['AllClassJoint', '1'] == ['3.89', '30.00 ± 127.06', '+26.11']
  assert by_key['Imprinting', '2'] == ['28.69', 'not measured', '–']
  assert by_key['Matching Networks', '1'][:2] == [
      'paper value lost',
      '30.00 ± 127.06',
  ]
  assert not any(method == 'Nearest neighbour' for method, _ in by_key)
  assert by_key['Generator + Classifier', '1'][1] == '30.00 ± 127.06'
  text = (tmp_path / 'table_1.md').read_text()
  assert '| novel | Imprinting ' in text
  rows = json.loads((tmp_path / 'table_1.json').read_text())['rows']
  assert {row['split'] for row in rows} == {'novel'}


def test_table_3_is_of_transfer(experiment, script):
  _, lines = script('table').make(experiment, 3, [0])
  by_key = {(line[1], line[2]): line[-3:] for line in lines}
  assert by_key['Imprinting', '1'] == ['26.76', '30.00', '+3.24']
  assert by_key['Imprinting + FT', '5'][:2] == ['paper value lost', '30.00']


def test_curves_of_figure_3_are_means_over_seeds(experiment, script, tmp_path):
  path = script('figure').make(experiment, 3, [0, 1])
  assert pathlib.Path(path).read_bytes().startswith(b'\x89PNG')
  curves = json.loads((tmp_path / 'figure_3.json').read_text())
  chosen = [
      c
      for c in curves
      if c['initialisation'] == 'imprinted' and c['shots'] == 1
  ]
  assert len(curves) == 4
  assert chosen[0]['split'] == 'novel'
  assert chosen[0]['epochs'] == [0, 1]
  assert chosen[0]['accuracy'] == pytest.approx([0.0, 0.4])
  assert chosen[0]['half_width'] == pytest.approx([0.0, 1.2706], abs=1e-4)


def test_figure_4_is_of_all_classes(experiment, script):
  _, curves = script('figure').FIGURES[4](experiment, [0])
  assert {curve['split'] for curve in curves} == {'all'}
  assert all(curve['half_width'] is None for curve in curves)


def test_figure_6_has_two_classifiers_for_each_loss(experiment, script):
  _, rows = script('figure').FIGURES[6](experiment, [0])
  assert list(dict.fromkeys(row['method'] for row in rows)) == [
      'Imprinting (softmax)',
      'Nearest neighbour (softmax)',
      'Imprinting (lifted structure)',
      'Nearest neighbour (lifted structure)',
  ]
  assert {row['split'] for row in rows} == {'novel'}


def test_figure_7_has_four_sizes_of_each_method(experiment, script):
  _, rows = script('figure').FIGURES[7](experiment, [0])
  assert {(row['method'], row['dimension']) for row in rows} == {
      (method, size)
      for method in ('Imprinting', 'AllClassJoint')
      for size in (64, 128, 256, 512)
  }
  assert {row['shots'] for row in rows} == {1, 5}
