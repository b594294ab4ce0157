"""A run killed with SIGKILL ends with bit-identical parameters."""

import pathlib
import random
import signal
import subprocess
import sys
import time

import numpy as np

PROGRAM = pathlib.Path(__file__).with_name('restart_program.py')
STEPS = 32
SAVE_EVERY = 2


def _start(workdir, environment):
  return subprocess.Popen(
      [sys.executable, PROGRAM, str(workdir), str(STEPS), str(SAVE_EVERY)],
      env=environment,
      stdout=subprocess.PIPE,
      text=True,
  )


def _kill_after(process, steps, delay):
  """Kills after some steps and a delay; gives the step that it began with."""
  start = None
  for line in process.stdout:
    word, number = line.split()
    if word == 'start':
      start = int(number)
    elif int(number) - start >= steps:
      break
  time.sleep(delay)
  process.send_signal(signal.SIGKILL)
  process.stdout.read()
  assert process.wait() == -signal.SIGKILL
  return start


def test_a_run_killed_three_times_ends_bit_identical(tmp_path, one_device):
  chance = random.Random(0)
  with _start(tmp_path / 'whole', one_device) as whole:
    starts = []
    for _ in range(3):
      # Saves are frequent: most delays end while one is being written. After
      # five steps the first of them must have been finished.
      with _start(tmp_path / 'killed', one_device) as process:
        starts.append(
            _kill_after(
                process, chance.randint(5, 9), chance.uniform(0.0, 0.05)
            )
        )
    with _start(tmp_path / 'killed', one_device) as process:
      starts.append(int(process.stdout.readline().split()[1]))
      process.stdout.read()
    whole.stdout.read()
  assert process.returncode == whole.returncode == 0
  # Each run went on from a checkpoint of the one before.
  assert starts[0] == 0
  assert starts == sorted(set(starts)), starts
  final = np.load(tmp_path / 'whole' / 'final.npz')
  ended = np.load(tmp_path / 'killed' / 'final.npz')
  assert final.files == ended.files
  for name in final.files:
    np.testing.assert_array_equal(ended[name], final[name], err_msg=name)
  # Nothing half-written is left over.
  left = sorted(p.name for p in (tmp_path / 'killed/checkpoints').iterdir())
  assert left == [str(STEPS - SAVE_EVERY), str(STEPS)]
