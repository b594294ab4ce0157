"""The real command, killed at several moments, ends as if it never had been."""

import json
import re
import signal
import time

import numpy as np
import pytest

CONFIG = 'configs/imprint_glyphs.py:smoke'
ARGUMENTS = (
    '--config.train.epochs=3',  # 63 steps
    '--config.train.checkpoint_every_epochs=0.2',
    '--config.train.validate_every_epochs=1.5',
    "--config.learners=('imprint','imprint_finetune')",
    '--config.finetune.epochs=1',
    '--config.finetune.checkpoint_every_epochs=0.2',
    '--config.evaluation.curve_every_epochs=0.5',
    '--config.evaluation.shots=(1,)',
    '--config.evaluation.trained_draws=2',
)
FINE_TUNED = ('imprint_finetune_n1_draw0', 'imprint_finetune_n1_draw1')
CLOCKS = ('time', 'steps_per_second', 'data_wait', 'seconds_left')


def _records(workdir, folder=''):
  """What the metrics tell but for what the clock does; whole lines only."""
  path = workdir / folder / 'metrics.jsonl'
  if not path.exists():
    return []
  *lines, _ = path.read_text().split('\n')
  return [
      {k: v for k, v in json.loads(line).items() if k not in CLOCKS}
      for line in lines
  ]


def _step(workdir, folder=''):
  return max((r['step'] for r in _records(workdir, folder)), default=0)


def _saved(workdir):
  return sorted(
      int(path.name)
      for path in (workdir / 'checkpoints').iterdir()
      if path.name.isdigit()
  )


def _dates(workdir):
  """When phase 1 and the first fine-tuning were finished."""
  finished = (
      workdir / 'checkpoints' / str(_saved(workdir)[-1]),
      workdir / 'trained' / FINE_TUNED[0] / 'outcome.json',
  )
  return [path.stat().st_mtime_ns for path in finished]


def _stop(process, when, number=signal.SIGKILL):
  """Sends a signal as soon as something is so, while the process lives."""
  deadline = time.monotonic() + 240
  try:
    while not when():
      assert process.poll() is None, process.communicate()
      assert time.monotonic() < deadline
      time.sleep(0.002)
    process.send_signal(number)
  except AssertionError:
    process.kill()
    raise
  _, errors = process.communicate()
  return process.returncode, errors


@pytest.fixture(scope='module')
def told(command, tmp_path_factory):
  """Two workdirs, one of a run stopped three times, and what was seen."""
  folder = tmp_path_factory.mktemp('restart')
  whole, stopped = folder / 'whole', folder / 'stopped'
  start = lambda workdir=stopped: command(CONFIG, workdir, *ARGUMENTS)
  told = {'whole': whole, 'stopped': stopped}
  saving = lambda: any(
      not path.name.isdigit() for path in (stopped / 'checkpoints').iterdir()
  )
  told['saving'] = _stop(start(), lambda: _step(stopped) >= 9 and saving())
  told['half_saved'] = saving()
  assert not any(path.name == 'features' for path in stopped.iterdir())

  told['terminated'] = _stop(
      start(), lambda: _step(stopped) >= 20, signal.SIGTERM
  )
  told['saved'] = _saved(stopped)

  second = f'trained/{FINE_TUNED[1]}'
  told['phase 2'] = _stop(start(), lambda: _step(stopped, second) >= 6)
  told['dates'] = _dates(stopped)

  # Only now, so that no two processes compile the same.
  with start(whole) as undisturbed, start() as last:
    told['end'] = last.communicate()
    undisturbed.communicate()
  assert undisturbed.returncode == last.returncode == 0, told['end']
  return told


def test_the_run_was_stopped_at_all_these_moments(told):
  assert told['saving'][0] == -signal.SIGKILL
  assert told['phase 2'][0] == -signal.SIGKILL
  assert told['half_saved']


def test_sigterm_ends_with_143_and_a_checkpoint_of_that_step(told):
  code, errors = told['terminated']
  assert code == 128 + signal.SIGTERM
  step = int(re.search(r'SIGTERM: stopped after step (\d+)\.', errors).group(1))
  assert 20 <= step < _step(told['stopped'])
  assert told['saved'][-1] == step
  assert 'Traceback' not in errors


def test_rows_and_parameters_are_bit_identical(told, parameters):
  whole, stopped = told['whole'], told['stopped']
  rows = [
      json.loads((workdir / 'results.json').read_text())['rows']
      for workdir in (whole, stopped)
  ]
  assert rows[0] == rows[1]
  expected, actual = parameters(whole), parameters(stopped)
  assert expected.keys() == actual.keys()
  for name, array in expected.items():
    np.testing.assert_array_equal(actual[name], array, err_msg=name)


def test_curves_have_every_step_once_and_the_same_numbers(told):
  for folder in ('', *(f'trained/{name}' for name in FINE_TUNED)):
    whole = _records(told['whole'], folder)
    assert _records(told['stopped'], folder) == whole
    steps = [record['step'] for record in whole if 'loss' in record]
    assert steps == list(range(1, steps[-1] + 1))


def test_what_was_finished_is_not_done_again(told):
  assert _dates(told['stopped']) == told['dates']
  for name in FINE_TUNED:
    outcomes = [
        (told[run] / 'trained' / name / 'outcome.json').read_text()
        for run in ('whole', 'stopped')
    ]
    assert outcomes[0] == outcomes[1]


def test_nothing_half_written_is_left(told):
  left = {path.name for path in (told['stopped'] / 'checkpoints').iterdir()}
  assert left == {
      path.name for path in (told['whole'] / 'checkpoints').iterdir()
  }
  assert not list(told['stopped'].rglob('*tmp*'))
