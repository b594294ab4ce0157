"""Episodes from a config to results: what a run leaves, and what it refuses."""

import json

import numpy as np
import pytest

from lsl_jax.pipeline import run
from lsl_jax.pipeline.learners import dense_learners
from lsl_jax.pipeline.studies import episodic_study
from lsl_jax.pipeline.variants import dense


@pytest.fixture(scope='session')
def trained(get_config, tmp_path_factory):
  """Workdir, config and rows of a run with base classes, not to be changed."""
  config = get_config('dense_glyphs:poolings,smoke')
  config.learners = ('proto', 'imprint', 'proto_gap_dense')
  workdir = tmp_path_factory.mktemp('episodes') / 'run'
  return workdir, config, run.run(config, str(workdir))


def test_rows_are_means_over_tasks_of_every_learner_and_split(trained):
  workdir, config, rows = trained
  found = {(row['learner'], row['shots'], row['split']) for row in rows}
  assert found == {
      (learner, 2, split)
      for learner in config.learners
      for split in ('novel', 'base', 'all')
  }
  trials = np.load(workdir / 'trials.npz')
  for row in rows:
    values = trials[f'{row["learner"]}/{row["split"]}/top1/n2']
    assert values.shape == (config.episodes.tasks,)
    np.testing.assert_allclose(row['mean'], values.mean(), atol=1e-6)
    assert row['trials'] == config.episodes.tasks
    assert row['way'] == 3


def test_the_tasks_have_a_name_that_is_printed_with_the_result(trained):
  workdir, _, _ = trained
  results = json.loads((workdir / 'results.json').read_text())
  name = results['metadata']['episodes_hash']['2']
  assert len(name) == 16
  assert name in (workdir / 'results.md').read_text()


def test_other_runs_of_the_network_see_the_same_tasks_and_can_add_implants(
    trained, get_config, tmp_path
):
  workdir, _, rows = trained
  config = get_config('dense_glyphs:poolings,smoke')
  config.representation.workdir = str(workdir)
  config.learners = ('proto',)
  again = run.run(config, str(tmp_path / 'again'))
  assert again == [row for row in rows if row['learner'] == 'proto']
  hashes = [
      json.loads((path / 'results.json').read_text())['metadata'][
          'episodes_hash'
      ]
      for path in (workdir, tmp_path / 'again')
  ]
  assert hashes[0] == hashes[1]
  config = get_config('dense_glyphs:implants,smoke')
  config.representation.workdir = str(workdir)
  rows = run.run(config, str(tmp_path / 'implants'))
  assert {row['learner'] for row in rows} == {*config.learners}
  assert {row['split'] for row in rows} == {'novel'}


@pytest.mark.parametrize(
    ('variant', 'key', 'value', 'message'),
    [
        ('implants', 'evaluation.shots', (1, 5), r'at least 2 shots.*leaves'),
        ('gap', 'learners', ('joint',), 'joint.*consumes images.*proto_gap'),
        ('gap', 'episodes.way', 1, 'episodes.way must be at least 2'),
        ('gap', 'episodes.images', 'train', 'valid ones: all, test'),
        ('gap', 'episodes.base_queries', -1, 'must not be negative'),
        ('gap', 'evaluation.protocol', 'generalized', 'consumes maps'),
        ('gap', 'train.iterations', -1, 'train.iterations must be positive'),
        ('poolings', 'model.head', 'linear', "model.head must be 'cosine'"),
        ('poolings', 'model.embedding', 8, 'model.embedding must be None'),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_loaded(
    get_config, tmp_path, variant, key, value, message
):
  config = get_config(f'dense_glyphs:{variant},smoke')
  *path, name = key.split('.')
  part = config
  for step in path:
    part = part[step]
  with part.ignore_type():
    part[name] = value
  with pytest.raises(ValueError, match=message):
    run.run(config, str(tmp_path / 'run'))
  assert not (tmp_path / 'run').exists()


def test_a_class_with_too_few_images_costs_no_training(get_config, tmp_path):
  config = get_config('dense_glyphs:gap,smoke')
  config.episodes.queries = 100000
  with pytest.raises(ValueError, match='100000 to test on'):
    run.run(config, str(tmp_path))
  assert not (tmp_path / 'checkpoints').exists()


def test_implants_need_a_network_with_blocks(get_config):
  config = get_config('dense_glyphs:implants,c128f,smoke')
  with pytest.raises(ValueError, match='made for resnet12'):
    dense_learners.implant_stream(config)


@pytest.mark.parametrize('name', ['glyphs', 'fc100', 'miniimagenet', 'cub'])
def test_every_variant_applies_alone_and_small(get_config, name):
  for variant in dense.VARIANTS:
    config = get_config(f'dense_{name}:{variant}')
    if variant != 'smoke':
      small = get_config(f'dense_{name}:{variant},smoke')
      assert small.data.name == 'glyphs'
      episodic_study.check(small)
    else:
      episodic_study.check(config)
