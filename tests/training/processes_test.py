"""Two real processes on this machine end where one does."""

import pathlib
import socket
import subprocess
import sys

import numpy as np
import pytest

from lsl_jax import training

PROGRAM = pathlib.Path(__file__).with_name('processes_program.py')


def _free_port():
  with socket.socket() as listener:
    listener.bind(('127.0.0.1', 0))
    return listener.getsockname()[1]


@pytest.fixture(scope='module')
def outcome(tmp_path_factory, one_device):
  """The folder that two processes have left, and what each has said."""
  folder = tmp_path_factory.mktemp('processes')
  address = f'127.0.0.1:{_free_port()}'
  processes = [
      subprocess.Popen(
          [sys.executable, PROGRAM, address, '2', str(rank), str(folder)],
          env=one_device,
          stdout=subprocess.PIPE,
          stderr=subprocess.PIPE,
          text=True,
      )
      for rank in range(2)
  ]
  try:
    said = [process.communicate(timeout=240) for process in processes]
  finally:
    for process in processes:
      process.kill()
      process.wait()
  for process, (_, errors) in zip(processes, said, strict=True):
    assert process.returncode == 0, errors
  return folder, [output.splitlines() for output, _ in said]


@pytest.mark.parametrize('name', list(training.EXECUTORS))
def test_two_processes_end_where_one_does(tiny, outcome, name):
  folder, _ = outcome
  actual = np.load(folder / f'{name}.npz')
  expected = tiny.leaves(tiny.fit(recipe=tiny.MOMENTUM))
  assert set(actual.files) == set(expected)
  for array, value in expected.items():
    np.testing.assert_allclose(
        actual[array], value, rtol=0, atol=3e-6, err_msg=array
    )


def test_when_one_is_asked_to_end_both_save_and_end_at_the_same_step(outcome):
  _, said = outcome
  expected = [f'{name} preempted 3 [3]' for name in training.EXECUTORS]
  for lines in said:
    assert [line for line in lines if 'preempted' in line] == expected
