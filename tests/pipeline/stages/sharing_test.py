import json

import pytest

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.stages import sharing


@pytest.fixture
def source(tmp_path):
  """What a finished run leaves, as far as it matters here."""
  folder = tmp_path / 'source'
  (folder / 'checkpoints' / '8').mkdir(parents=True)
  (folder / 'checkpoints' / '8' / 'state').write_text('weights')
  (folder / 'features').mkdir()
  (folder / 'features' / 'queries.npz').write_text('features')
  (folder / 'metrics.jsonl').write_text('{"step": 8, "loss": 1.0}\n')
  (folder / 'split.json').write_text('{}')
  (folder / 'results.json').write_text('{"rows": []}')
  config = json.dumps(defaults.defaults().to_dict())
  (folder / 'config.json').write_text(config)
  return folder


def _config(source):
  config = defaults.defaults()
  config.representation.workdir = str(source)
  return config


def _take(config, workdir):
  workdir.mkdir(exist_ok=True)
  sharing.take(config, str(workdir))


def test_what_phase_1_left_is_copied_and_its_results_are_not(source, tmp_path):
  config = _config(source)
  config.evaluation.protocol = 'transfer'
  config.learners = ('nearest',)
  config.data.path = 'moved.npz'
  _take(config, tmp_path / 'mine')
  copied = {
      str(path.relative_to(tmp_path / 'mine')): path.read_text()
      for path in (tmp_path / 'mine').rglob('*')
      if path.is_file()
  }
  assert copied == {
      'checkpoints/8/state': 'weights',
      'features/queries.npz': 'features',
      'metrics.jsonl': '{"step": 8, "loss": 1.0}\n',
      'split.json': '{}',
  }


def test_a_phase_1_that_the_workdir_has_already_is_left_alone(source, tmp_path):
  (tmp_path / 'mine' / 'checkpoints').mkdir(parents=True)
  _take(_config(source), tmp_path / 'mine')
  assert list((tmp_path / 'mine').rglob('*')) == [
      tmp_path / 'mine' / 'checkpoints'
  ]


def test_what_a_killed_copy_left_is_replaced(source, tmp_path):
  unfinished = tmp_path / 'mine' / 'checkpoints.taken'
  unfinished.mkdir(parents=True)
  (unfinished / 'half').write_text('')
  _take(_config(source), tmp_path / 'mine')
  assert not unfinished.exists()
  assert not (tmp_path / 'mine' / 'checkpoints' / 'half').exists()


def test_another_phase_1_is_refused_naming_what_differs(source, tmp_path):
  config = _config(source)
  config.seed = 3
  config.model.embedding = 128
  config.model.options.width = 64
  config.finetune.epochs = 1.0
  with pytest.raises(ValueError, match='was another one') as error:
    _take(config, tmp_path / 'mine')
  assert str(error.value).splitlines()[1:] == [
      '  model.embedding: 64 there, 128 here',
      '  model.options.width: absent there, 64 here',
      '  seed: 0 there, 3 here',
  ]
  assert not list((tmp_path / 'mine').iterdir())


@pytest.mark.parametrize('missing', ['results.json', 'config.json'])
def test_a_run_that_is_not_finished_is_refused(source, tmp_path, missing):
  (source / missing).unlink()
  with pytest.raises(FileNotFoundError, match=f'it has no {missing}'):
    _take(_config(source), tmp_path / 'mine')


def test_reported_classes_matter_only_where_they_chose_the_checkpoint():
  here, there = defaults.defaults(), defaults.defaults()
  there.evaluation.classes = 'validation'
  compare = lambda: sharing.differences(here.to_dict(), there.to_dict())
  assert not compare()
  here.train.select = there.train.select = 'best'
  assert compare() == ['evaluation.classes: "validation" there, "novel" here']


def test_a_setting_newer_than_the_other_run_counts_as_at_its_default():
  here, there = defaults.defaults(), defaults.defaults().to_dict()
  del there['representation']['weight']
  assert not sharing.differences(here.to_dict(), there)
  here.representation.weight = 0.5
  assert sharing.differences(here.to_dict(), there) == [
      'representation.weight: 0.02 there, 0.5 here'
  ]
