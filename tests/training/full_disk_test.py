"""A disk that is full while a checkpoint is written."""

import json
import pathlib
import subprocess
import sys

PROGRAM = pathlib.Path(__file__).with_name('full_disk_program.py')


def test_a_full_disk_costs_the_newest_checkpoint_alone_and_is_said(tmp_path):
  folder = tmp_path / 'checkpoints'
  run = subprocess.run(
      [sys.executable, PROGRAM, folder],
      capture_output=True,
      text=True,
      check=False,
  )
  assert run.returncode == 0, run.stderr
  told = json.loads(run.stdout)
  for name, before in (('first', 'there is none'), ('full', 'step 2 is whole')):
    assert told[name].startswith(
        f'UnwrittenCheckpointError: cannot write a checkpoint into {folder}: '
    )
    assert 'File too large' in told[name]
    assert before in told[name]
  assert told['room'] is None and told['again'] is None
  assert told['steps'] == [2]
  assert told['restored'] == [2, 2.0]
  assert told['at last'] == [2, 3]
  assert sorted(p.name for p in folder.iterdir()) == ['2', '3']
