"""A progress bar with rate and time left; plain lines where no one watches."""

from collections import deque
from collections.abc import Callable
import sys
import time
from typing import Any, TextIO

from rich import console as rich_console
from rich import progress as rich_progress


class Progress:
  """Shows how far a loop is, how fast it goes and when it will be done.

  On a terminal it is a bar; elsewhere (a log file, a batch job) a line every
  `interval_seconds`, the first update and the last included.

  >>> with Progress('train', total=4, stream=sys.stdout, unit='step') as bar:
  ...   bar.update(4, loss=0.25)
  train 4/4 step (100 %), loss 0.25
  """

  def __init__(
      self,
      description: str,
      total: int,
      *,
      start: int = 0,
      unit: str = 'step',
      stream: TextIO | None = None,
      interval_seconds: float = 10.0,
      enabled: bool = True,
      clock: Callable[[], float] = time.monotonic,
  ):
    """Prepares the display; entering the context shows it.

    Args:
      description: what is going on, in a word or two.
      total: how many steps there are.
      start: how many of them an earlier run has done.
      unit: what a step is called.
      stream: where to show it, by default the standard error stream.
      interval_seconds: the time between two plain lines.
      enabled: False shows nothing, for processes other than the first.
      clock: gives the time in seconds; for tests.
    """
    self._description = description
    self._total = total
    self._unit = unit
    self._stream = sys.stderr if stream is None else stream
    self._interval = interval_seconds
    self._enabled = enabled
    self._clock = clock
    self._rate = _Rate()
    self._latest: tuple[int, dict[str, Any]] = (start, {})
    self._shown = self._latest
    self._shown_at = float('-inf')
    self._bar = None
    if enabled and self._stream.isatty():
      self._interval = 0.1
      self._bar = rich_progress.Progress(
          rich_progress.TextColumn('{task.description}', markup=False),
          rich_progress.BarColumn(),
          rich_progress.TextColumn('{task.fields[text]}', markup=False),
          console=rich_console.Console(file=self._stream),
      )
      self._task = self._bar.add_task(
          description, total=total, completed=start, text=self._text()
      )

  def update(self, completed: int, **values: Any):
    """Says how many steps are done.

    Args:
      completed: how many steps out of the total are done.
      **values: numbers to show beside it, such as the loss. They may still be
        under way on a device: only those that are shown are waited for.
    """
    if not self._enabled:
      return
    now = self._clock()
    self._rate.add(now, completed)
    self._latest = completed, values
    if now - self._shown_at >= self._interval:
      self._show(now)

  def _show(self, now: float):
    text = self._text()
    if self._bar is not None:
      self._bar.update(self._task, completed=self._latest[0], text=text)
    else:
      print(f'{self._description} {text}', file=self._stream, flush=True)
    self._shown, self._shown_at = self._latest, now

  def _text(self) -> str:
    completed, values = self._latest
    share = 100 * completed // self._total if self._total else 100
    parts = [f'{completed}/{self._total} {self._unit} ({share} %)']
    if rate := self._rate.per_second():
      parts.append(f'{_rounded(rate)} {self._unit}/s')
      if completed < self._total:
        parts.append(f'{duration((self._total - completed) / rate)} left')
    parts += [f'{name} {float(value):.4g}' for name, value in values.items()]
    return ', '.join(parts)

  def __enter__(self) -> 'Progress':
    if self._bar is not None:
      self._bar.start()
    return self

  def __exit__(self, *exception):
    if self._latest is not self._shown:
      self._show(self._clock())
    if self._bar is not None:
      self._bar.stop()


class _Rate:
  """Steps a second over the last half minute.

  The first update is where the clock starts: the time before it is mostly
  compilation, which says nothing about the steps to come.
  """

  window_seconds = 30.0

  def __init__(self):
    self._samples: deque[tuple[float, int]] = deque()

  def add(self, now: float, completed: int):
    samples = self._samples
    samples.append((now, completed))
    # Two samples must stay, however far apart they are.
    while len(samples) > 2 and now - samples[1][0] >= self.window_seconds:
      samples.popleft()

  def per_second(self) -> float | None:
    if not self._samples:
      return None
    (start, before), (end, after) = self._samples[0], self._samples[-1]
    return (after - before) / (end - start) if end > start else None


def _rounded(rate: float) -> str:
  return f'{rate:.0f}' if rate >= 100 else f'{rate:.3g}'


def duration(seconds: float) -> str:
  """Writes a time span in its two largest units.

  Args:
    seconds: the span, in seconds.

  Returns:
    Text such as '42 s', '3 min 20 s' or '5 h 7 min'.

  >>> duration(200)
  '3 min 20 s'
  """
  seconds = round(seconds)
  minutes, hours = seconds // 60, seconds // 3600
  if hours:
    return f'{hours} h {minutes % 60} min'
  return f'{minutes} min {seconds % 60} s' if minutes else f'{seconds} s'
