"""Runs the scripts for real, at the smallest size that has every step."""

import pathlib

import pytest

from lsl_jax import training
from lsl_jax.pipeline.studies import lowshot_study

# ml_collections loads config files in a way that Python will drop.
pytestmark = pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'
)
_CONFIG = pathlib.Path(__file__).parents[2] / 'configs/imprint_glyphs.py:smoke'
_NAMES = ['generalized', 'transfer', 'transfer_finetune']


@pytest.fixture(scope='module')
def runs(script):
  """The runs with the two learners that every claim is about."""
  runs = script('runs')
  few = {
      name: runs.RUNS[name]._replace(learners=learners)
      for name, learners in zip(
          _NAMES,
          [('random', 'imprint'), ('random', 'imprint'), ('imprint_finetune',)],
          strict=True,
      )
  }
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(runs, 'RUNS', few)
    # Figures have tests of their own.
    patch.setattr(lowshot_study.pictures, 'figures', lambda *_: [])
    patch.setattr(lowshot_study.outputs, 'figures', lambda *_: [])
    yield runs


@pytest.fixture(scope='module')
def experiment(runs, tmp_path_factory):
  return runs.Experiment(
      str(_CONFIG),
      str(tmp_path_factory.mktemp('evidence')),
      (
          'evaluation.shots=1,2',
          'evaluation.draws=2',
          'evaluation.top=1',
          'model.options.width=4',
      ),
      trained_shots=(1,),
  )


@pytest.fixture(scope='module')
def results(script, experiment):
  return script('evidence').collect(experiment, _NAMES, [0])


def test_every_claim_of_finished_runs_is_judged(results, experiment):
  assert {(r.claim, r.shots) for r in results} == {
      ('more shots help', '1 → 2'),
      ('imprinting is far above random', '1'),
      ('imprinting is far above random', '2'),
      ('fine-tuning helps', '1'),
  }
  assert 'fine-tuning helps' in (
      pathlib.Path(experiment.workdir, 'claims.md').read_text()
  )


@pytest.mark.usefixtures('results')
def test_runs_share_the_network_of_the_first(experiment):
  first, *others = [
      pathlib.Path(experiment.folder(name, 0), 'metrics.jsonl').read_text()
      for name in _NAMES
  ]
  # Records hold the time, so nobody else can have written them.
  assert others == [first, first]


@pytest.mark.usefixtures('results')
def test_finished_runs_are_read_not_repeated(
    runs, experiment, script, monkeypatch
):
  monkeypatch.setattr(
      runs.pipeline, 'run', lambda *_: pytest.fail('it is finished')
  )
  assert script('evidence').collect(experiment, _NAMES, [0])
  _, lines = script('table').make(experiment, 3, [0])
  (line,) = [one for one in lines if one[1:3] == ['Imprinting', '1']]
  assert line[4] == '26.76'
  assert float(line[5].split()[0]) >= 0


@pytest.mark.usefixtures('results')
def test_other_settings_are_refused_for_a_finished_run(runs, experiment):
  other = runs.Experiment(
      experiment.spec,
      experiment.workdir,
      (*experiment.settings, 'train.epochs=7'),
  )
  with pytest.raises(training.WorkdirError, match=r'train\.epochs: .* 7\.0'):
    other.finish('generalized', 0)
