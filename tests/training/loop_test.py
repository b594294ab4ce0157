import itertools
import os
import signal
import threading
import time

import jax
import numpy as np
import pytest

from lsl_jax import training
from lsl_jax.training import clock as clock_lib
from lsl_jax.training import monitor as monitor_lib


def _poisoned(tiny, bad_step):
  """Batches of which one, that of update `bad_step`, is not a number."""

  def batches(start):
    for step in itertools.count(start):
      batch = tiny.batch(step)
      if step + 1 == bad_step:
        batch = batch._replace(images=batch.images * np.nan)
      yield batch

  return batches


def _terminate_at(step):
  """Sends this process SIGTERM when a step is reported."""

  def on_metrics(now, scalars):
    del scalars
    if now == step:
      os.kill(os.getpid(), signal.SIGTERM)

  return on_metrics


def test_reports_come_in_order_with_means_and_rates(tiny):
  reports, single = [], []
  tiny.fit(on_metrics=lambda *r: reports.append(r), log_every=3)
  tiny.fit(on_metrics=lambda *r: single.append(r), log_every=1)
  assert [step for step, _ in reports] == [3, 6, 8]
  assert [step for step, _ in single] == list(range(1, 9))
  losses = [scalars['loss'] for _, scalars in single]
  np.testing.assert_allclose(reports[0][1]['loss'], np.mean(losses[:3]))
  np.testing.assert_allclose(reports[2][1]['loss'], np.mean(losses[6:]))
  assert set(reports[0][1]) == {
      *('loss', 'accuracy', 'gradient_norm', 'learning_rate'),
      *('steps_per_second', 'data_wait', 'seconds_left'),
  }
  assert reports[-1][1]['seconds_left'] == 0.0


def test_evaluation_sees_the_state_of_its_step_and_its_scalars_are_reported(
    tiny,
):
  reports = []
  evaluate = lambda state: {'seen': float(state.step)}
  tiny.fit(
      evaluate=evaluate,
      evaluate_every=3,
      on_metrics=lambda *report: reports.append(report),
      log_every=100,
  )
  seen = [(step, s['seen']) for step, s in reports if 'seen' in s]
  assert seen == [(3, 3.0), (6, 6.0), (8, 8.0)]


def test_what_evaluation_found_decides_which_checkpoint_is_the_best(
    tiny, tmp_path
):
  score = {2: 0.1, 4: 0.7, 6: 0.3, 8: 0.2}
  with training.Checkpoints(tmp_path, keep=1, best='score') as checkpoints:
    tiny.fit(
        checkpoints=checkpoints,
        evaluate=lambda state: {'score': score[int(state.step)]},
        evaluate_every=2,
        save_every=3,
    )
    assert checkpoints.best_step == 4
    assert checkpoints.steps == [4, 8]


def test_a_run_in_two_parts_ends_bit_identical(tiny, tmp_path):
  recipe = tiny.MOMENTUM
  whole = tiny.fit(recipe=recipe)
  with training.Checkpoints(tmp_path / 'a') as checkpoints:
    tiny.fit(recipe=recipe, num_steps=5, checkpoints=checkpoints)
  starts = []

  def batches(start):
    starts.append(start)
    return tiny.batches(start)

  with training.Checkpoints(tmp_path / 'a') as checkpoints:
    parts = tiny.fit(recipe=recipe, checkpoints=checkpoints, batches=batches)
  assert starts == [5]
  jax.tree.map(np.testing.assert_array_equal, parts, whole)


@pytest.mark.parametrize('ahead', [0, 3])
def test_nan_stops_names_the_step_and_the_last_good_and_is_not_saved(
    tiny, tmp_path, ahead
):
  with training.Checkpoints(tmp_path / 'a', keep=9) as checkpoints:
    with pytest.raises(training.NonFiniteError) as caught:
      tiny.fit(
          batches=_poisoned(tiny, 6),
          checkpoints=checkpoints,
          save_every=2,
          ahead=ahead,
      )
    assert checkpoints.steps == [2, 4]
  assert caught.value.step == 6
  assert str(caught.value).startswith('Step 6 gave a loss of nan')
  assert f'{tmp_path}/a/4 (step 4)' in str(caught.value)


def test_nan_without_any_checkpoint_says_that_there_is_none(tiny):
  with pytest.raises(
      training.NonFiniteError, match=r'Step 1 .* Last good checkpoint: none'
  ):
    tiny.fit(batches=_poisoned(tiny, 1))


def test_sigterm_saves_ends_and_gives_the_handler_back(tiny, tmp_path):
  ours = lambda *_: None
  before = signal.signal(signal.SIGTERM, ours)
  try:
    with training.Checkpoints(tmp_path / 'a') as checkpoints:
      with pytest.raises(training.Preempted, match='after step 3') as caught:
        tiny.fit(
            checkpoints=checkpoints,
            on_metrics=_terminate_at(3),
            log_every=1,
        )
      assert caught.value.step == 3
      assert checkpoints.steps == [3]
      assert signal.getsignal(signal.SIGTERM) is ours
      resumed = tiny.fit(checkpoints=checkpoints)
    jax.tree.map(np.testing.assert_array_equal, resumed, tiny.fit())
  finally:
    signal.signal(signal.SIGTERM, before)


def test_sigterm_in_the_last_step_is_not_forgotten(tiny, tmp_path):
  with training.Checkpoints(tmp_path / 'a') as checkpoints:
    with pytest.raises(training.Preempted, match='after step 2'):
      tiny.fit(
          num_steps=2, checkpoints=checkpoints, on_metrics=_terminate_at(2)
      )
    assert checkpoints.steps == [2]


def test_a_thread_can_train_though_it_cannot_hear_signals(tiny):
  results = []
  thread = threading.Thread(
      target=lambda: results.append(tiny.fit(num_steps=1))
  )
  thread.start()
  thread.join()
  assert results[0].step == 1


def test_batches_that_end_early_are_an_error(tiny):
  short = lambda start: itertools.islice(tiny.batches(start), 3)
  with pytest.raises(ValueError, match='ended at step 3 of 8'):
    tiny.fit(batches=short)


def test_a_checkpoint_beyond_the_run_is_an_error(tiny, tmp_path):
  with training.Checkpoints(tmp_path / 'a') as checkpoints:
    tiny.fit(num_steps=3, checkpoints=checkpoints)
    with pytest.raises(ValueError, match='step 3, beyond the 2 steps'):
      tiny.fit(num_steps=2, checkpoints=checkpoints)


def test_the_clock_divides_time_into_waiting_pausing_and_steps():
  now = [0.0]

  def slow(seconds):
    now[0] += seconds
    return seconds

  clock = clock_lib.Clock(lambda: now[0])
  source = map(slow, [1.0, 2.0])
  assert clock.wait_for(source) == 1.0
  slow(3.0)  # a step
  assert clock.pause(slow, 100.0) == 100.0
  assert clock.wait_for(source) == 2.0
  slow(4.0)
  assert clock.read(steps_left=5) == {
      'steps_per_second': 0.2,
      'data_wait': 0.3,
      'seconds_left': 25.0,
  }
  assert clock.wait_for(source) is None


def test_time_in_which_the_devices_have_work_left_is_not_waiting():
  now = [0.0]

  def batch(seconds):
    now[0] += seconds
    return seconds

  # Work that was queued for the devices is done at this time.
  idle = lambda: now[0] >= 2.5
  clock = clock_lib.Clock(lambda: now[0])
  source = map(batch, [1.0, 1.0, 2.0, 4.0])
  for _ in range(4):
    clock.wait_for(source, idle)
  assert clock.read(steps_left=0)['data_wait'] == 6.0 / 8.0


def test_the_devices_are_idle_once_every_step_is_computed_or_read():
  class Metric:
    ready = False

    def is_ready(self):
      return self.ready

  first, second = Metric(), Metric()
  fetch = lambda metrics: {'loss': 0.0, 'finite': 1.0}
  watch = monitor_lib.Monitor(fetch, lambda: 'none', ahead=2)
  assert watch.idle()  # before the first step
  watch.add(1, {'loss': first})
  watch.add(2, {'loss': second})
  assert not watch.idle()
  first.ready = True
  assert not watch.idle()
  second.ready = True
  assert watch.idle()
  second.ready = False
  watch.drain()
  assert watch.idle()


def test_batches_that_come_slowly_are_waited_for(tiny):
  def slow(start):
    for batch in tiny.batches(start):
      time.sleep(0.1)
      yield batch

  reports = []
  tiny.fit(batches=slow, on_metrics=lambda *r: reports.append(r), log_every=4)
  assert reports[1][1]['data_wait'] > 0.5
