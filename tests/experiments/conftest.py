"""Scripts of experiments/imprinting as modules, and runs made up for them."""

import importlib
import json
import pathlib
import sys

import numpy as np
import pytest

_FOLDER = pathlib.Path(__file__).parents[2] / 'experiments' / 'imprinting'


@pytest.fixture(scope='session')
def script():
  """Imports a script by name, as its neighbours do."""
  sys.path.insert(0, str(_FOLDER))
  yield importlib.import_module
  sys.path.remove(str(_FOLDER))


@pytest.fixture(scope='session')
def make_run():
  """Writes what a finished run leaves, with numbers of the caller's."""

  def make(folder, *, shots, trials=None, curves=(), draws='h', **config):
    folder.mkdir(parents=True)
    config = {**config, 'evaluation': {'shots': shots}}
    metadata = {'config': config, 'draws_hash': draws}
    content = {'metadata': metadata, 'rows': []}
    (folder / 'results.json').write_text(json.dumps(content))
    if trials:
      arrays = {name: np.array(value) for name, value in trials.items()}
      np.savez(folder / 'trials.npz', **arrays)
    for number, (learner, n, draw, points) in enumerate(curves):
      path = folder / 'trained' / str(number) / 'outcome.json'
      path.parent.mkdir(parents=True)
      outcome = {
          'learner': learner,
          'shots': n,
          'draw': draw,
          'epochs': list(range(len(points))),
          'accuracy': {'novel/top1': points, 'all/top1': points},
      }
      path.write_text(json.dumps(outcome))

  return make
