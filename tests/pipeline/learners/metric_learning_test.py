"""Metric-based methods and margins from a config to results."""

import json

import numpy as np
import pytest

from lsl_jax.pipeline import run
from lsl_jax.pipeline.learners import metric_learning, registry
from lsl_jax.pipeline.studies import episodic_study
from lsl_jax.pipeline.variants import margin_variants

CONFIGS = ('glyphs', 'cifar_fs', 'fc100', 'miniimagenet')


@pytest.fixture(scope='module')
def am3(get_config, tmp_path_factory):
  """Workdir, config and rows of AM3 with a task-relevant margin."""
  config = get_config('margin_glyphs:am3,task,smoke')
  workdir = tmp_path_factory.mktemp('am3') / 'run'
  return workdir, config, run.run(config, str(workdir))


def _records(workdir):
  return [
      json.loads(line)
      for line in (workdir / 'metrics.jsonl').read_text().splitlines()
  ]


def test_am3_is_trained_with_margins_and_tested_with_names(am3):
  workdir, config, rows = am3
  assert {(row['learner'], row['shots']) for row in rows} == {
      ('am3', 1),
      ('am3', 2),
  }
  records = _records(workdir)
  losses = [r for r in records if 'loss' in r]
  assert len(losses) == config.train.iterations
  assert all(np.isfinite(r['margin_slope']) for r in losses)
  assert all(r['loss'] != r['cross_entropy'] for r in losses)


def test_validation_tasks_choose_the_checkpoint(am3):
  workdir, config, _ = am3
  assert config.train.select == 'best'
  found = [r for r in _records(workdir) if 'validation' in r]
  assert found and all(0 <= r['validation'] <= 1 for r in found)
  assert 'validation/novel/top1/n2' in found[0]


def test_a_finished_network_serves_another_run_but_not_another_margin(
    am3, get_config, tmp_path
):
  workdir, _, rows = am3
  config = get_config('margin_glyphs:am3,task,smoke')
  config.representation.workdir = str(workdir)
  assert run.run(config, str(tmp_path / 'again')) == rows
  config = get_config('margin_glyphs:am3,class,smoke')
  config.representation.workdir = str(workdir)
  with pytest.raises(ValueError, match=r'metric\.margin\.name'):
    run.run(config, str(tmp_path / 'other'))


def test_dynamic_few_shot_learning_has_two_stages(get_config, tmp_path):
  config = get_config('margin_glyphs:dynamic,class,smoke')
  config.episodes.base_queries = 4
  rows = run.run(config, str(tmp_path))
  assert {row['split'] for row in rows} == {'novel', 'base', 'all'}
  with np.load(tmp_path / 'weight_generator.npz') as file:
    assert file['templates'].shape[0] == 6
    assert 'generator/keys' in file.files
    assert file['margins/alpha'].shape == ()


@pytest.mark.parametrize('name', CONFIGS)
def test_every_variant_applies_alone_and_small(get_config, name):
  for variant in margin_variants.VARIANTS:
    episodic_study.check(get_config(f'margin_{name}:{variant}'))
    small = get_config(f'margin_{name}:{variant},one_shot,smoke')
    assert small.data.name == 'glyphs'
    assert small.metric.semantics.source == 'unicode'


def test_every_row_of_the_tables_has_a_config(get_config):
  for method in ('protonet', 'am3', 'matching', 'dynamic'):
    for margin in ('none', 'naive', 'class', 'task', 'cosface', 'arcface'):
      spec = f'margin_miniimagenet:{method},{margin},one_shot'
      config = get_config(spec)
      if method == 'matching' and margin in ('cosface', 'arcface'):
        with pytest.raises(ValueError, match="needs the metric 'cosine'"):
          episodic_study.check(config)
        continue
      episodic_study.check(config)
      assert config.metric.margin.name == margin
      if method != 'dynamic':
        assert tuple(config.evaluation.shots) == (1,)
        assert config.train.episodes.shots == 1
        assert config.train.iterations == 30_000


def test_the_recipe_counts_batches_as_am3_does(get_config):
  config = get_config('margin_miniimagenet')
  images, batch = 64 * 600, 2 * 5 * 20
  boundaries = config.train.optimizer.schedule.boundaries
  np.testing.assert_allclose(
      [b * images / batch for b in boundaries], [15_000, 17_500, 20_000]
  )
  assert config.train.optimizer.clip_each == 1


@pytest.mark.parametrize(
    ('variants', 'key', 'value', 'message'),
    [
        ('am3', 'train.sampling', 'epoch', "train.sampling must be 'episodes'"),
        ('dynamic', 'train.sampling', 'episodes', 'must not be'),
        ('dynamic', 'model.head', 'linear', "model.head must be 'cosine'"),
        ('task', 'metric.margin.remedy', 'hope', "remedy 'hope'; valid ones"),
        ('none', 'metric.margin.name', 'wide', "margin 'wide'; valid ones"),
        ('none', 'metric.distance', 'l1', "metric 'l1'; valid ones"),
        ('none', 'train.episodes.way', 0, 'way must be at least 1'),
        ('arcface', 'metric.distance', 'euclidean', "the metric 'cosine'"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    get_config, variants, key, value, message
):
  config = get_config(f'margin_glyphs:{variants},smoke')
  *path, last = key.split('.')
  part = config
  for step in path:
    part = part[step]
  part[last] = value
  with pytest.raises(ValueError, match=message):
    episodic_study.check(config)


def test_the_same_settings_make_the_same_functions(get_config):
  config = get_config('margin_glyphs:task,smoke')
  names = ('GREEK SMALL LETTER ALPHA', 'LATIN SMALL LETTER B', 'LATIN LETTER C')
  make = lambda: registry.make_representation(
      config, 3, None, class_names=names
  )
  assert make() is make()
  first = make()
  config.metric.margin.remedy = 'mean'
  assert make() is not first


def test_several_processes_of_pmap_need_whole_episodes(get_config):
  config = get_config('margin_glyphs:smoke')
  config.executor = 'pmap'
  with pytest.raises(ValueError, match='tasks must be a multiple of the 8'):
    episodic_study.check(config)
  config.train.episodes.tasks = 8
  episodic_study.check(config)


def test_the_learner_of_prototypes_is_one_object(get_config):
  config = get_config('margin_glyphs:smoke')
  made = [
      metric_learning.learner('prototypical', config.metric, {'params': {}}, 4)
      for _ in range(2)
  ]
  assert made[0] is made[1]
