"""Solvers of the logistic learner compared on a finished run's features."""

import importlib
import pathlib
import types

import pytest

from lsl_jax.pipeline import run, scripting

# ml_collections loads config files in a way that Python will drop.
pytestmark = pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'
)
_ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def options(tmp_path, monkeypatch):
  """Of the command line, with a network that is finished."""
  monkeypatch.syspath_prepend(_ROOT / 'experiments' / 'shrink_hallucinate')
  spec = f'{_ROOT}/configs/sgm_glyphs.py:smoke'
  config = scripting.load_config(spec, ["learners=('nearest_mean',)"])
  run.run(config, str(tmp_path / 'network'))
  (tmp_path / 'solvers').mkdir()
  return types.SimpleNamespace(
      config=spec,
      workdir=str(tmp_path / 'solvers'),
      network=str(tmp_path / 'network'),
      seeds=[0],
      settings=[],
      tried=[
          'solver=sgd,iterations=2,batch_size=4',
          'solver=full,iterations=2',
      ],
  )


def test_each_way_computes_its_grid_and_tells_the_best_point(options):
  script = importlib.import_module('sgm_solvers')
  sgd, full = (script.measure(options, changes) for changes in options.tried)
  assert {*sgd.point} == {'learning_rate', 'weight_decay'}
  assert {*full.point} == {'weight_decay'}
  assert (sgd.points, full.points) == (2, 1)  # two rates, which one lacks
  for made in (sgd, full):
    assert made.by_shots.shape == (1,) and 0 < made.by_shots[0] <= 1
    assert made.first > 0 and made.again > 0
  with pytest.raises(ValueError, match='solvr'):
    script.measure(options, 'solvr=full')
