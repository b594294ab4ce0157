"""One of several processes of a run, each with one device.

usage: processes_program.py ADDRESS PROCESSES RANK FOLDER

Trains under both executors, each in two parts with a checkpoint between; the
first part of one of them ends when the last process, and no other, is asked
to. The first process writes the final states to FOLDER/<executor>.npz.
"""

import os
import pathlib
import signal
import sys

import jax
import numpy as np
import tiny

from lsl_jax import training
from lsl_jax.training import distributed


def main(address, num_processes, rank, folder):
  assert distributed.initialize(address, num_processes, rank)
  assert jax.device_count() == num_processes
  folder = pathlib.Path(folder)
  size = tiny.BATCH // num_processes

  def rows(start):
    """This process's part of each batch."""
    part = slice(rank * size, (rank + 1) * size)
    return (
        jax.tree.map(lambda leaf: leaf[part], batch)
        for batch in tiny.batches(start)
    )

  def terminate(step, scalars):
    del scalars
    if step == 3 and rank == num_processes - 1:
      os.kill(os.getpid(), signal.SIGTERM)

  for name in training.EXECUTORS:
    settings = {
        'devices': num_processes,
        'recipe': tiny.MOMENTUM,
        'batches': rows,
    }
    with (
        training.claim(folder / 'run', {}),
        training.Checkpoints(folder / f'{name}-checkpoints') as checkpoints,
    ):
      settings['checkpoints'] = checkpoints
      try:
        tiny.fit(name, **settings, on_metrics=terminate, log_every=1)
      except training.Preempted as preempted:
        print(name, 'preempted', preempted.step, checkpoints.steps, flush=True)
      state = tiny.fit(name, **settings)
    if rank == 0:
      np.savez(folder / f'{name}.npz', **tiny.leaves(state))


if __name__ == '__main__':
  main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
