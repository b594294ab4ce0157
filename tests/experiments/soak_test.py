"""The soak, of a program that takes no time (of a run: restart_run_test)."""

import importlib.util
import json
import pathlib
import sys

import pytest

PATH = pathlib.Path(__file__).parents[2] / 'experiments' / 'soak.py'
PROGRAM = pathlib.Path(__file__).with_name('soak_program.py')


@pytest.fixture
def soak(monkeypatch):
  """The script, which starts a small program in place of a run."""
  spec = importlib.util.spec_from_file_location('soak', PATH)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  monkeypatch.setattr(module, 'CONFIG', ())
  monkeypatch.setattr(module, 'PROGRAM', (sys.executable, str(PROGRAM)))
  return module


def _main(soak, workdir, *options):
  return soak.main(
      [f'--workdir={workdir}', '--kills=6', '--longest=0.7', *options]
  )


def test_a_run_that_goes_on_after_every_kill_loses_nothing(
    soak, tmp_path, capsys
):
  assert _main(soak, tmp_path / 'soak') == 0
  output = capsys.readouterr().out
  assert output.count('killed after') == 6
  assert '6 kills in' in output
  assert output.strip().endswith('runs: none of them lost something')
  for folder in (tmp_path / 'soak').glob('disturbed*'):
    assert soak.last_step(folder) == 40
  with pytest.raises(SystemExit, match='not empty'):
    _main(soak, tmp_path / 'soak')


def test_a_run_that_forgets_is_found_out(soak, tmp_path, capsys):
  assert _main(soak, tmp_path / 'soak', '--forgets') == 1
  output = capsys.readouterr().out
  assert 'LOST in disturbed0: the logs have other steps' in output
  assert 'runs: none of them' not in output


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
  with pytest.raises(RuntimeError, match=r'ended with: .*no such learner'):
    soak.finish(tmp_path / 'x', ['--fails'])


def test_the_real_program_takes_the_settings(tmp_path):
  """The config and its settings exist: a run refuses another one by name."""
  spec = importlib.util.spec_from_file_location('soak', PATH)
  real = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(real)
  with pytest.raises(RuntimeError, match=r'ended with: .*unknown learner'):
    real.finish(tmp_path / 'x', [*real.CONFIG, "--config.learners=('no',)"])
