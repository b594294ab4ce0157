"""Saves while no file may grow, as on a full disk, and tells what came of it.

A program of its own: Orbax's threads leave warnings behind when they fail.
"""

import json
import resource
import sys

import numpy as np

from lsl_jax import training


def state(step):
  values = np.full((50, 50), step, np.float32)
  return training.TrainState(np.int32(step), {'a': values}, {}, {})


def save(checkpoints, step, size):
  """Tries to save where files have at most so many bytes; returns the error."""
  _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
  try:
    with checkpoints:
      checkpoints.save(state(step))
      checkpoints.wait()
  except OSError as error:
    return f'{type(error).__name__}: {error}'
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def main(folder):
  told = {'first': save(training.Checkpoints(folder), 1, 100)}
  told['room'] = save(training.Checkpoints(folder), 2, 10**9)
  told['full'] = save(training.Checkpoints(folder), 3, 100)
  with training.Checkpoints(folder) as checkpoints:
    told['steps'] = checkpoints.steps
    found = checkpoints.restore(state(0))
  told['restored'] = [int(found.step), found.params['a'].mean().item()]
  told['again'] = save(training.Checkpoints(folder), 3, 10**9)
  with training.Checkpoints(folder) as checkpoints:
    told['at last'] = checkpoints.steps
  print(json.dumps(told))


if __name__ == '__main__':
  main(sys.argv[1])
