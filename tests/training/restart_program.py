"""A run that can be killed anywhere and started again with the same command.

usage: restart_program.py WORKDIR STEPS SAVE_EVERY

Prints the step from which it goes on and every step that it has made, and
writes the last state to WORKDIR/final.npz.
"""

import pathlib
import sys

import numpy as np
import tiny

from lsl_jax import training


def main(workdir, num_steps, save_every):
  workdir = pathlib.Path(workdir)

  def batches(start):
    print('start', start, flush=True)
    return tiny.batches(start)

  with (
      training.claim(workdir, {'steps': num_steps}),
      training.Checkpoints(workdir / 'checkpoints', keep=2) as checkpoints,
  ):
    state = tiny.fit(
        recipe=tiny.MOMENTUM,
        num_steps=num_steps,
        batches=batches,
        checkpoints=checkpoints,
        save_every=save_every,
        log_every=1,
        on_metrics=lambda step, _: print('step', step, flush=True),
    )
  np.savez(workdir / 'final.npz', **tiny.leaves(state))


if __name__ == '__main__':
  main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
