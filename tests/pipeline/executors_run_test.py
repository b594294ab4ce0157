"""One run under jit, under pmap, and in two processes: the same results."""

import json
import socket

import numpy as np
import pytest

from lsl_jax.pipeline import run

CONFIG = 'imprint_glyphs:smoke'
# Plain gradient descent: adaptive steps would hide a wrong factor.
SETTINGS = {
    'train.optimizer.momentum': 0.0,
    'train.optimizer.learning_rate': 0.02,
    'finetune.optimizer.momentum': 0.0,
    'train.validate_every_epochs': 0.0,
    'learners': ('imprint', 'imprint_finetune'),
    'evaluation.shots': (1,),
}
# Parameters move by up to 0.09, and by 0.03 more at twice the rate. Rounding
# alone is 1e-6, but where it decides a tie of a ReLU or of a maximum, it shows.
TOLERANCE = 2e-3
FINE_TUNED = 'trained/imprint_finetune_n1_draw0/outcome.json'


@pytest.fixture(scope='module')
def finished(get_config, tmp_path_factory):
  """`finished(executor)`: the workdir of a run on eight devices."""

  def make(executor):
    config = get_config(CONFIG)
    config.update_from_flattened_dict(SETTINGS)
    config.executor = executor
    workdir = tmp_path_factory.mktemp(executor)
    run.run(config, str(workdir))
    return workdir

  return make


@pytest.fixture(scope='module')
def by_jit(finished):
  """The workdir of a run under jit."""
  return finished('jit')


@pytest.fixture(scope='module')
def by_pmap(finished):
  """The workdir of a run under pmap."""
  return finished('pmap')


@pytest.fixture(scope='module')
def by_two(command, tmp_path_factory):
  """The workdir of a run of two processes, and what they said."""
  workdir = tmp_path_factory.mktemp('two') / 'run'
  with socket.socket() as listener:
    listener.bind(('127.0.0.1', 0))
    address = f'127.0.0.1:{listener.getsockname()[1]}'
  processes = [
      command(
          f'configs/{CONFIG.replace(":", ".py:")}',
          workdir,
          *(f'--config.{key}={value}' for key, value in SETTINGS.items()),
          f'--coordinator={address}',
          '--num_processes=2',
          f'--process_id={index}',
      )
      for index in range(2)
  ]
  try:
    said = [process.communicate(timeout=400) for process in processes]
  finally:
    for process in processes:
      process.kill()
      process.wait()
  for process, (_, errors) in zip(processes, said, strict=True):
    assert process.returncode == 0, errors
  return workdir, said


def _assert_same(actual, expected, parameters, stored_features):
  wanted, found = parameters(expected), parameters(actual)
  assert found.keys() == wanted.keys()
  for name, array in wanted.items():
    np.testing.assert_allclose(
        found[name], array, rtol=0, atol=TOLERANCE, err_msg=name
    )
  (mine, there), (others, also) = map(stored_features, (actual, expected))
  assert there.any()
  np.testing.assert_array_equal(there, also)
  np.testing.assert_allclose(mine, others, rtol=0, atol=5 * TOLERANCE)
  rows = [
      json.loads((workdir / 'results.json').read_text())['rows']
      for workdir in (actual, expected)
  ]
  for mine, other in zip(*rows, strict=True):
    np.testing.assert_allclose(mine.pop('mean'), other.pop('mean'), atol=0.02)
    for spread in ('half_width', 'deviation'):
      mine.pop(spread), other.pop(spread)
    assert mine == other


def test_pmap_gives_what_jit_gives(
    by_pmap, by_jit, parameters, stored_features
):
  _assert_same(by_pmap, by_jit, parameters, stored_features)


def test_two_processes_give_what_one_gives(
    by_two, by_jit, parameters, stored_features
):
  _assert_same(by_two[0], by_jit, parameters, stored_features)


def test_the_first_of_two_processes_alone_writes_and_tells(by_two, by_jit):
  workdir, said = by_two
  for message in ('Top-1 accuracy (%)', 'Written to'):
    assert message in said[0][0]
    assert message not in said[1][0]
  assert 'step/s' in said[0][1]
  assert 'step/s' not in said[1][1]
  for folder in (workdir, (workdir / FINE_TUNED).parent):
    assert len(list(folder.glob('events.out.tfevents.*'))) == 1
    steps = [
        json.loads(line)['step']
        for line in (folder / 'metrics.jsonl').read_text().splitlines()
    ]
    assert steps == sorted(steps)
    assert steps.count(1) == 1
  found, expected = (
      {
          str(path.relative_to(folder))
          for path in folder.rglob('*')
          if 'checkpoints' not in path.parts and 'tfevents' not in path.name
      }
      for folder in (workdir, by_jit)
  )
  assert found == expected
