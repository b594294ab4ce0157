import logging
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import training
from lsl_jax.training import optimizer


@pytest.fixture(scope='module')
def state():
  update = optimizer.make(
      {'name': 'sgd', 'learning_rate': 0.1, 'momentum': 0.9},
      steps_per_epoch=1,
      num_steps=1,
  )
  rng = np.random.default_rng(0)
  params = {
      'stem': {'kernel': jnp.asarray(rng.normal(size=(5, 4)), jnp.float32)},
      'head': {'scale': jnp.asarray(2.0, jnp.bfloat16)},
  }
  return training.TrainState.create(
      {'params': params, 'batch_stats': {'mean': jnp.zeros(4)}}, update
  )


def _at(state, step):
  """A state that tells its step in its parameters."""
  moved = jax.tree.map(lambda p: p + step, state.params)
  return state.replace(step=np.int32(step), params=moved)


def _truncate(folder):
  """Halves every file that holds values, as a full disk might."""
  files = [path for path in folder.rglob('*') if path.parent.name == 'd']
  assert files
  for path in files:
    os.truncate(path, path.stat().st_size // 2)


def _assert_same(actual, expected):
  assert jax.tree.structure(actual) == jax.tree.structure(expected)
  for a, b in zip(
      jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True
  ):
    assert a.dtype == b.dtype
    np.testing.assert_array_equal(a, b)


def test_a_saved_state_comes_back_bit_identical(state, tmp_path):
  with training.Checkpoints(tmp_path) as checkpoints:
    assert checkpoints.restore(state) is None
    assert checkpoints.describe_latest() == 'none'
    checkpoints.save(_at(state, 3))
  with training.Checkpoints(tmp_path) as checkpoints:
    _assert_same(checkpoints.restore(state), _at(state, 3))
    assert checkpoints.describe_latest() == f'{tmp_path}/3 (step 3)'


def test_the_best_and_a_bounded_number_of_the_last_are_kept(state, tmp_path):
  scores = {1: 0.2, 2: 0.9, 3: 0.5, 4: 0.9, 5: 0.1, 6: float('nan')}
  with training.Checkpoints(tmp_path, keep=2, best='accuracy') as checkpoints:
    assert checkpoints.best_step is None
    for step, score in scores.items():
      checkpoints.save(_at(state, step), {'accuracy': score, 'other': 1.0})
    checkpoints.save(_at(state, 7))
    checkpoints.wait()
    assert checkpoints.steps == [4, 6, 7]
    assert checkpoints.best_step == 4
  assert sorted(p.name for p in tmp_path.iterdir()) == ['4', '6', '7']
  with training.Checkpoints(tmp_path, keep=2, best='accuracy') as checkpoints:
    best = checkpoints.restore(state, step=checkpoints.best_step)
    _assert_same(best, _at(state, 4))


def test_the_best_may_be_the_smallest(state, tmp_path):
  with training.Checkpoints(
      tmp_path, keep=1, best='error', best_mode='min'
  ) as checkpoints:
    for step, error in enumerate([0.5, 0.1, 0.3]):
      checkpoints.save(_at(state, step), {'error': error})
    checkpoints.wait()
    assert checkpoints.best_step == 1
    assert checkpoints.steps == [1, 2]


def test_a_step_that_exists_is_not_written_again(state, tmp_path):
  with training.Checkpoints(tmp_path) as checkpoints:
    checkpoints.save(_at(state, 1))
    checkpoints.save(_at(state, 1))
    checkpoints.wait()
    assert checkpoints.steps == [1]


def test_a_truncated_newest_falls_back_to_the_one_before_and_says_why(
    state, tmp_path, caplog
):
  with training.Checkpoints(tmp_path) as checkpoints:
    checkpoints.save(_at(state, 1))
    checkpoints.save(_at(state, 2))
  _truncate(tmp_path / '2')
  with training.Checkpoints(tmp_path) as checkpoints:
    with caplog.at_level(logging.WARNING):
      restored = checkpoints.restore(state)
    _assert_same(restored, _at(state, 1))
    said = [record.getMessage() for record in caplog.records]
    assert said[0].startswith(f'Checkpoint {tmp_path}/2 cannot be read: ')
    # The reason itself, not Orbax's guess about handlers.
    assert 'Requested byte range' in said[0]
    assert said[1] == f'Falling back to checkpoint {tmp_path}/1.'
    # What was wrong is set aside, and its step can be saved again.
    assert (tmp_path / 'unreadable-2').is_dir()
    checkpoints.save(_at(state, 2))
    checkpoints.wait()
    assert checkpoints.steps == [1, 2]
    _assert_same(checkpoints.restore(state), _at(state, 2))


def test_when_none_can_be_read_nothing_is_touched(state, tmp_path):
  with training.Checkpoints(tmp_path) as checkpoints:
    for step in (1, 2):
      checkpoints.save(_at(state, step))
  _truncate(tmp_path / '1')
  _truncate(tmp_path / '2')
  with training.Checkpoints(tmp_path) as checkpoints:
    with pytest.raises(
        training.CorruptCheckpointError, match=r'(?s)  2: .*  1: .*begin anew'
    ):
      checkpoints.restore(state)
    assert checkpoints.steps == [1, 2]


def test_a_checkpoint_of_another_model_names_every_array_that_differs(
    state, tmp_path
):
  other = state.replace(
      params={'stem': {'kernel': np.zeros((5, 3), np.float32)}}
  )
  with training.Checkpoints(tmp_path) as checkpoints:
    checkpoints.save(_at(state, 1))
    with pytest.raises(training.CorruptCheckpointError) as caught:
      checkpoints.restore(other)
  message = str(caught.value)
  assert 'params/stem/kernel is float32[5, 4] there, float32[5, 3] here' in (
      message
  )
  assert 'params/head/scale is bfloat16[] there, absent here' in message


def test_an_unfinished_save_is_neither_seen_nor_kept(state, tmp_path):
  with training.Checkpoints(tmp_path) as checkpoints:
    checkpoints.save(_at(state, 1))
  (tmp_path / '2.orbax-checkpoint-tmp').mkdir()
  with training.Checkpoints(tmp_path) as checkpoints:
    assert checkpoints.steps == [1]
    assert checkpoints.restore(state).step == 1
  assert [p.name for p in tmp_path.iterdir()] == ['1']


def test_a_run_goes_on_with_another_number_of_devices(
    tiny, assert_close, tmp_path
):
  run = lambda folder, devices, name, steps: tiny.fit(
      name,
      devices=devices,
      recipe=tiny.MOMENTUM,
      num_steps=steps,
      checkpoints=folder,
  )
  with training.Checkpoints(tmp_path) as checkpoints:
    run(checkpoints, 8, 'pmap', 3)
    run(checkpoints, 1, 'jit', 5)
    final = run(checkpoints, 2, 'jit', 8)
  assert_close(final, tiny.fit(recipe=tiny.MOMENTUM), atol=2e-6)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'keep': 0}, 'keep=0: at least one'),
        ({'best_mode': 'low'}, "Unknown best_mode 'low'. Valid: max, min"),
    ],
)
def test_wrong_settings_are_refused(tmp_path, settings, message):
  with pytest.raises(ValueError, match=message):
    training.Checkpoints(tmp_path, **settings)
