"""Every config runs to its end at a small size and leaves what it promises."""

import json
import pathlib
import re

import numpy as np
import pytest

from lsl_jax.pipeline import run
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.variants import imprinting

CONFIGS = sorted(
    path.stem
    for path in (pathlib.Path(__file__).parents[2] / 'configs').glob('*.py')
)
# Run at the same size, and looked at closer, in a test of their own.
ELSEWHERE = {'sgm_glyphs': 'hallucination_run_test.py'}
# Configs of one paper run alike at this size: one shows what no other run does.
VARIANTS = {'sgm_imagenet': 'l1,dropout,authors,'}
IMPRINTING = [name for name in CONFIGS if name.startswith('imprint_')]


def _assert_complete(workdir, config, rows):
  """All files are there, and tables hold every learner, shot and split."""
  generalized = config.evaluation.protocol == 'generalized'
  splits = {'novel', 'base', 'all', 'harmonic'} if generalized else {'novel'}
  found = {
      (row['learner'], row['shots'], row['split'], row['metric'])
      for row in rows
  }
  assert found == {
      (learner, shots, split, f'top{k}')
      for learner in config.learners
      for shots in config.evaluation.shots
      for split in splits
      for k in config.evaluation.top
  }
  assert all(0 <= row['mean'] <= 1 for row in rows)
  results = json.loads((workdir / 'results.json').read_text())
  assert results['rows'] == rows
  assert results['metadata']['config']['data']['name'] == 'glyphs'
  assert json.loads((workdir / 'config.json').read_text())['seed'] == 0
  assert len(json.loads((workdir / 'split.json').read_text())['base']) == 6
  table = (workdir / 'results.md').read_text()
  for learner in config.learners:
    assert f'| {registry.LEARNERS[learner].title} ' in table
  for split in splits:
    assert f'| {split} ' in table
  assert {'accuracy.png'} <= {p.name for p in (workdir / 'figures').iterdir()}
  for figure in (workdir / 'figures').iterdir():
    assert f'](figures/{figure.name})' in table
  assert not list(workdir.rglob('*.tmp*'))


def _assert_trained(workdir):
  """Phase 1 left curves, a checkpoint and features."""
  records = [
      json.loads(line)
      for line in (workdir / 'metrics.jsonl').read_text().splitlines()
  ]
  steps = [record['step'] for record in records if 'loss' in record]
  assert steps == list(range(1, max(steps) + 1))
  assert 'validation' in records[-1]
  assert len(list(workdir.glob('events.out.tfevents.*'))) == 1
  assert (workdir / 'checkpoints' / str(max(steps))).is_dir()
  folder = workdir / 'features' / 'images'
  there = np.load(folder / 'checks.npy') >= 0
  features = np.load(folder / 'features.npy')[there]
  assert len(features)
  np.testing.assert_allclose(np.linalg.norm(features, axis=-1), 1, atol=1e-5)


def test_the_other_smoke_runs_are_where_they_are_said_to_be():
  for name, test in ELSEWHERE.items():
    assert name in CONFIGS
    text = pathlib.Path(__file__).with_name(test).read_text()
    assert re.search(f"'{name}:[^']*smoke", text)


@pytest.mark.parametrize(
    'name', sorted({*CONFIGS} - {*IMPRINTING} - {*ELSEWHERE})
)
def test_the_smoke_run_of_any_other_config_ends_in_whole_results(
    get_config, tmp_path, name
):
  config = get_config(f'{name}:{VARIANTS.get(name, "")}smoke')
  rows = run.run(config, str(tmp_path))
  assert rows
  assert all(0 <= row['mean'] <= 1 for row in rows)
  results = json.loads((tmp_path / 'results.json').read_text())
  assert results['rows'] == rows
  assert results['metadata']['config']['data']['name'] == 'glyphs'
  table = (tmp_path / 'results.md').read_text()
  for row in rows:
    assert f'| {row["method"]} ' in table
  for figure in (tmp_path / 'figures').iterdir():
    assert f'](figures/{figure.name})' in table
  assert not list(tmp_path.rglob('*.tmp*'))


@pytest.mark.parametrize('name', IMPRINTING)
def test_the_smoke_run_of_imprinting_leaves_all_that_it_promises(
    get_config, tmp_path, name
):
  config = get_config(f'{name}:smoke')
  rows = run.run(config, str(tmp_path))
  _assert_complete(tmp_path, config, rows)
  _assert_trained(tmp_path)
  trials = np.load(tmp_path / 'trials.npz')
  draws, shots = config.evaluation.draws, config.evaluation.shots
  for row in rows:
    values = trials[f'{row["learner"]}/{row["split"]}/{row["metric"]}']
    assert values.shape == (draws, len(shots))
    np.testing.assert_allclose(
        row['mean'], values[:, shots.index(row['shots'])].mean(), atol=1e-6
    )


def test_a_run_with_fine_tuning_leaves_curves_and_no_further_weights(
    fine_tuned,
):
  workdir, config, rows = fine_tuned
  _assert_complete(workdir, config, rows)
  _assert_trained(workdir)
  assert (workdir / 'figures' / 'fine_tuning.png').exists()
  folders = sorted((workdir / 'trained').iterdir())
  assert [folder.name for folder in folders] == [
      f'{learner}_n{shots}_draw{draw}'
      for learner in ('imprint_finetune', 'random_finetune')
      for shots in (1, 2)
      for draw in (0, 1)
  ]
  for folder in folders:
    assert not (folder / 'checkpoints').exists()
    assert list(folder.glob('events.out.tfevents.*'))


def test_joint_training_needs_no_phase_1(get_config, tmp_path):
  config = get_config('imprint_glyphs:joint,smoke')
  config.evaluation.shots = (1, 2)
  rows = run.run(config, str(tmp_path))
  _assert_complete(tmp_path, config, rows)
  assert not (tmp_path / 'checkpoints').exists()
  assert not (tmp_path / 'trials.npz').exists()


@pytest.mark.parametrize(
    ('variants', 'learners'),
    [
        ('transfer_finetune', ('random', 'imprint', 'imprint_finetune')),
        ('proxy_nca', ('imprint',)),
        ('neighbours', None),
    ],
)
def test_other_representations_and_protocols_run_to_the_end(
    get_config, tmp_path, variants, learners
):
  config = get_config(f'imprint_glyphs:{variants},smoke')
  if learners:
    assert {*learners} <= {*config.learners}
    config.learners = learners
  _assert_complete(tmp_path, config, run.run(config, str(tmp_path)))
  _assert_trained(tmp_path)


def test_a_network_of_another_loss_can_be_fine_tuned(get_config, tmp_path):
  # Lifted structure trains no classifier: fine-tuning starts from the means.
  config = get_config('imprint_glyphs:lifted,smoke')
  config.evaluation.protocol = 'generalized'
  config.evaluation.shots = (1,)
  config.learners = (*config.learners, 'imprint_finetune')
  rows = run.run(config, str(tmp_path))
  assert {row['learner'] for row in rows} == set(config.learners)
  outcome = json.loads(
      (tmp_path / 'trained/imprint_finetune_n1_draw0/outcome.json').read_text()
  )
  trials = np.load(tmp_path / 'trials.npz')
  for name in ('novel/top1', 'base/top1'):
    np.testing.assert_allclose(
        outcome['accuracy'][name][0], trials[f'imprint/{name}'][0, 0], atol=1e-6
    )


@pytest.mark.parametrize('name', IMPRINTING)
def test_every_variant_applies_alone_and_small(get_config, name):
  for variant in imprinting.VARIANTS:
    get_config(f'{name}:{variant}')
    small = get_config(f'{name}:{variant},smoke')
    assert small.data.name == 'glyphs'
    assert not small.model.pretrained
