"""The soak kills a real run, lets it finish and compares: at a small size."""

import importlib.util
import json
import pathlib

import pytest

PATH = pathlib.Path(__file__).parents[2] / 'experiments' / 'soak.py'


@pytest.fixture(scope='module')
def soak():
  spec = importlib.util.spec_from_file_location('soak', PATH)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def test_a_run_that_is_killed_at_random_loses_nothing(soak, tmp_path, capsys):
  code = soak.main(
      [
          *(f'--workdir={tmp_path / "soak"}', '--kills=1', '--longest=9'),
          '--config.train.epochs=1',
          "--config.learners=('imprint',)",
      ]
  )
  output = capsys.readouterr().out
  assert code == 0, output
  assert 'nothing was lost' in output
  with pytest.raises(SystemExit, match='not empty'):
    soak.main([f'--workdir={tmp_path / "soak"}'])


def test_what_is_lost_is_said(soak, tmp_path):
  for name, mean, steps in (('whole', 0.5, (1, 2)), ('other', 0.4, (1, 2, 2))):
    (tmp_path / name).mkdir()
    (tmp_path / name / 'results.json').write_text(
        json.dumps({'rows': [{'mean': mean}]})
    )
    (tmp_path / name / 'metrics.jsonl').write_text(
        ''.join(json.dumps({'step': s, 'loss': 1.0}) + '\n' for s in steps)
    )
  (tmp_path / 'other' / 'x.tmp').write_text('')
  found = soak.differences(tmp_path / 'whole', tmp_path / 'other')
  assert [line.split()[1] for line in found] == [
      'rows',
      'logs',
      'logs',
      'files',
  ]
  assert not soak.differences(tmp_path / 'whole', tmp_path / 'whole')


def test_a_run_that_fails_is_no_success(soak, tmp_path):
  with pytest.raises(RuntimeError, match=r'ended with: .*unknown learner'):
    soak.finish(tmp_path / 'x', [*soak.CONFIG, "--config.learners=('no',)"])
