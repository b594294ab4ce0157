"""A finished run is not done again; its folder is closed to other configs."""

import json

import numpy as np
import pytest

from lsl_jax import training
from lsl_jax.pipeline import run
from lsl_jax.pipeline.settings import defaults


def _contents(workdir, pattern):
  return {p: p.read_bytes() for p in workdir.rglob(pattern) if p.is_file()}


def _outcome(workdir, learner, shots, draw):
  folder = workdir / 'trained' / f'{learner}_n{shots}_draw{draw}'
  return json.loads((folder / 'outcome.json').read_text())


def test_a_finished_run_started_again_trains_nothing_and_tells_the_same(
    copied, steps_made, stored_features
):
  workdir, config, rows = copied
  before = steps_made(workdir)
  logged = _contents(workdir, 'metrics.jsonl')
  assert len(logged) == 9
  assert all(before.values())
  checkpoints = {
      p: p.stat().st_mtime_ns for p in workdir.rglob('checkpoints/*')
  }
  # What is damaged or about something else is made anew, from the checkpoint.
  content, there = stored_features(workdir)
  damaged = np.load(workdir / 'features/images/features.npy', mmap_mode='r+')
  damaged[np.flatnonzero(there)[:3]] += 1
  damaged.flush()
  views = workdir / 'features/pool_views/about.json'
  views.write_text(views.read_text().replace('"about": "', '"about": "0'))
  assert run.run(config, str(workdir)) == rows
  assert steps_made(workdir) == before
  assert _contents(workdir, 'metrics.jsonl') == logged
  assert checkpoints == {p: p.stat().st_mtime_ns for p in checkpoints}
  # In a batch of other images, rounding may differ.
  np.testing.assert_allclose(stored_features(workdir)[0], content, atol=1e-6)


def test_of_several_fine_tunings_only_the_missing_one_is_made(
    copied, steps_made
):
  workdir, config, rows = copied
  lost = workdir / 'trained' / 'imprint_finetune_n2_draw0'
  outcome = _outcome(workdir, 'imprint_finetune', 2, 0)
  before = steps_made(workdir)
  dates = {p: p.stat().st_mtime_ns for p in workdir.rglob('outcome.json')}
  (lost / 'outcome.json').unlink()
  assert run.run(config, str(workdir)) == rows
  assert _outcome(workdir, 'imprint_finetune', 2, 0) == outcome
  assert steps_made(workdir) == before  # its log, too, began anew
  made = [p for p, date in dates.items() if p.stat().st_mtime_ns != date]
  assert made == [lost / 'outcome.json']


def test_another_config_is_refused_naming_the_keys(copied):
  workdir, config, _ = copied
  before = _contents(workdir, '*')
  config.seed = 1
  config.train.epochs = 0.4
  with pytest.raises(training.WorkdirError) as error:
    run.run(config, str(workdir))
  assert str(error.value).splitlines()[1:3] == [
      '  seed: 0 there, 1 here',
      '  train.epochs: 0.2 there, 0.4 here',
  ]
  assert _contents(workdir, '*') == before


def test_settings_that_change_no_result_may_differ():
  assert set(defaults.MAY_DIFFER) >= {'executor', 'data.path', 'data.memory_gb'}


@pytest.mark.parametrize('shots', [1, 2])
@pytest.mark.parametrize('draw', [0, 1])
@pytest.mark.parametrize('learner', ['imprint', 'random'])
def test_fine_tuning_begins_where_the_learner_without_it_ends(
    fine_tuned, learner, shots, draw
):
  # The same network, and the same templates for the same draw.
  workdir, config, _ = fine_tuned
  outcome = _outcome(workdir, f'{learner}_finetune', shots, draw)
  trials = np.load(workdir / 'trials.npz')
  column = config.evaluation.shots.index(shots)
  assert outcome['epochs'][0] == 0
  for name, values in outcome['accuracy'].items():
    np.testing.assert_allclose(
        values[0],
        trials[f'{learner}/{name}'][draw, column],
        atol=1e-6,
        err_msg=name,
    )


def test_fine_tuning_changes_accuracy_and_its_last_point_is_reported(
    fine_tuned,
):
  workdir, config, rows = fine_tuned
  curves = [
      _outcome(workdir, 'imprint_finetune', 1, draw)['accuracy']['all/top5']
      for draw in range(2)
  ]
  assert any(curve[0] != curve[-1] for curve in curves)
  (row,) = [
      row
      for row in rows
      if (row['learner'], row['shots'], row['split'], row['metric'])
      == ('imprint_finetune', 1, 'all', 'top5')
  ]
  assert row['trials'] == config.evaluation.trained_draws == 2
  assert row['half_width'] is not None
  np.testing.assert_allclose(row['mean'], np.mean([c[-1] for c in curves]))
