import doctest
import pathlib

import pytest

# ml_collections loads config files in a way that Python will drop.
pytestmark = pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'
)
_GLYPHS = str(pathlib.Path(__file__).parents[2] / 'configs/imprint_glyphs.py')


@pytest.fixture
def runs(script):
  return script('runs')


def test_a_run_is_the_config_with_its_seed_learners_and_settings(runs):
  experiment = runs.Experiment(_GLYPHS, 'w', ('train.epochs=3', 'views=2'))
  config = experiment.config('transfer', 7)
  assert config.seed == 7
  assert config.evaluation.protocol == 'transfer'
  assert config.learners == ('random', 'imprint', 'imprint_aug', 'nearest')
  assert config.train.epochs == 3.0
  assert config.views == 2
  assert config.evaluation.shots == (1, 2, 5, 10, 20)


def test_sizes_of_the_embedding_come_after_the_variants_of_the_user(runs):
  experiment = runs.Experiment(f'{_GLYPHS}:smoke', 'w')
  assert experiment.config('generalized', 0).model.embedding == 16
  assert experiment.config('d512', 0).model.embedding == 512


def test_shots_of_learners_that_train_can_be_fewer(runs):
  experiment = runs.Experiment(_GLYPHS, 'w', trained_shots=(2, 5))
  shots = {
      name: experiment.config(name, 0).evaluation.shots
      for name in ('generalized', 'finetune', 'joint', 'joint_d64')
  }
  assert shots == {
      'generalized': (1, 2, 5, 10, 20),
      'finetune': (2, 5),
      'joint': (2, 5),
      'joint_d64': (5,),  # figure 7 shows 1 and 5
  }


def test_every_run_names_what_there_is(runs):
  experiment = runs.Experiment(_GLYPHS, 'w')
  for name, run in runs.RUNS.items():
    assert set(run.learners) <= set(runs.registry.LEARNERS), name
    assert experiment.config(name, 0).learners == run.learners


@pytest.mark.parametrize(
    ('setting', 'message'),
    [
        ('trian.epochs=3', "config has no 'trian'; it has cglo, data"),
        ('train.epochs', 'expected KEY=VALUE'),
        ('train.epochs=many', 'could not convert'),
    ],
)
def test_a_setting_that_does_not_exist_is_refused(runs, setting, message):
  experiment = runs.Experiment(_GLYPHS, 'w', (setting,))
  with pytest.raises(ValueError, match=message):
    experiment.config('generalized', 0)


def test_an_unknown_variant_is_refused_with_the_valid_ones(runs):
  experiment = runs.Experiment(f'{_GLYPHS}:smok', 'w')
  with pytest.raises(ValueError, match=r"unknown variant 'smok'.*smoke"):
    experiment.config('generalized', 0)


@pytest.mark.parametrize('name', ['measured', 'verdicts'])
def test_examples_in_docstrings_are_right(script, name):
  failed, attempted = doctest.testmod(script(name))
  assert attempted and not failed
