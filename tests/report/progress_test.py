import io

import pytest

from lsl_jax.report import progress


class _Clock:

  def __init__(self):
    self.now = 100.0

  def __call__(self):
    return self.now


class _Terminal(io.StringIO):

  def isatty(self):
    return True


def test_plain_lines_come_every_ten_seconds_and_at_the_end():
  clock, stream = _Clock(), io.StringIO()
  with progress.Progress('train', 100, stream=stream, clock=clock) as bar:
    clock.now += 60  # compilation, which the rate leaves out
    for step in range(1, 26):
      bar.update(step, loss=1 / step)
      clock.now += 1
  assert stream.getvalue().splitlines() == [
      'train 1/100 step (1 %), loss 1',
      'train 11/100 step (11 %), 1 step/s, 1 min 29 s left, loss 0.09091',
      'train 21/100 step (21 %), 1 step/s, 1 min 19 s left, loss 0.04762',
      'train 25/100 step (25 %), 1 step/s, 1 min 15 s left, loss 0.04',
  ]


def test_the_rate_counts_only_this_runs_steps():
  clock, stream = _Clock(), io.StringIO()
  with progress.Progress(
      'train', 1000, start=900, stream=stream, clock=clock, unit='batch'
  ) as bar:
    bar.update(901)
    clock.now += 10
    bar.update(921)
  assert stream.getvalue().splitlines()[-1] == (
      'train 921/1000 batch (92 %), 2 batch/s, 40 s left'
  )


def test_the_rate_follows_the_last_half_minute():
  clock, stream = _Clock(), io.StringIO()
  with progress.Progress('train', 10**6, stream=stream, clock=clock) as bar:
    completed = 0
    for speed in [1] * 60 + [500] * 60:
      completed += speed
      bar.update(completed)
      clock.now += 1
  assert ', 500 step/s, ' in stream.getvalue().splitlines()[-1]


def test_the_last_line_is_not_repeated_and_says_no_time_left():
  clock, stream = _Clock(), io.StringIO()
  with progress.Progress('test', 2, stream=stream, clock=clock) as bar:
    bar.update(1)
    clock.now += 20
    bar.update(2)
  lines = stream.getvalue().splitlines()
  assert lines[1:] == ['test 2/2 step (100 %), 0.05 step/s']


def test_values_that_are_not_shown_are_not_waited_for():
  class Refuses:

    def __float__(self):
      raise AssertionError('waited for the device')

  stream = io.StringIO()
  with progress.Progress('train', 9, stream=stream, clock=_Clock()) as bar:
    bar.update(1, loss=1.0)
    bar.update(2, loss=Refuses())
    bar.update(3, loss=2.0)
  assert stream.getvalue().splitlines()[-1].endswith('loss 2')


def test_a_terminal_gets_a_bar():
  clock, stream = _Clock(), _Terminal()
  with progress.Progress('train [x]', 4, stream=stream, clock=clock) as bar:
    bar.update(1)
    clock.now += 1
    bar.update(4, loss=0.5)
  shown = stream.getvalue()
  assert 'train [x]' in shown
  assert '━' in shown
  assert '4/4 step (100 %)' in shown


def test_disabled_shows_nothing():
  stream = io.StringIO()
  with progress.Progress('train', 4, stream=stream, enabled=False) as bar:
    bar.update(1)
  assert stream.getvalue() == ''


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [
        (0.4, '0 s'),
        (59.6, '1 min 0 s'),
        (3599, '59 min 59 s'),
        (5 * 3600 + 61, '5 h 1 min'),
    ],
)
def test_durations_have_two_units_at_most(seconds, text):
  assert progress.duration(seconds) == text
