"""How fast a run goes, and for how much of the time it waits for data."""

from collections.abc import Callable, Iterator
import time
from typing import Any, TypeVar

T = TypeVar('T')


class Clock:
  """Measures the steps since it was last read.

  Args:
    now: a monotonic clock in seconds.
  """

  def __init__(self, now: Callable[[], float] = time.monotonic):
    self._now = now
    self._begin()

  def _begin(self):
    self._start = self._now()
    self._waited = 0.0
    self._paused = 0.0
    self._steps = 0

  def wait_for(
      self, source: Iterator[T], idle: Callable[[], bool] = lambda: True
  ) -> T | None:
    """The next item, or None.

    Devices work on steps that were queued while the host fetches the next
    batch, or tells the devices how to make it. So its time is waiting only
    where the devices have come to the end of their work meanwhile. All of it
    then counts, though they may have worked for some of it: what is reported
    is the most that can have been lost.

    Args:
      source: of batches.
      idle: whether the devices have nothing left to do, asked at the end.
    """
    start = self._now()
    item = next(source, None)
    if idle():
      self._waited += self._now() - start
    self._steps += 1
    return item

  def pause(self, work: Callable[..., T], *arguments: Any) -> T:
    """Does work that is not training, such as evaluation, off the clock."""
    start = self._now()
    result = work(*arguments)
    self._paused += self._now() - start
    return result

  def read(self, steps_left: int) -> dict[str, float]:
    """Rates since the last reading, which this ends.

    Args:
      steps_left: steps until the run ends.

    Returns:
      `steps_per_second`, `data_wait` (the share of the time in which devices
      had to wait for the next batch, at most, 0 to 1) and `seconds_left`.
    """
    elapsed = max(self._now() - self._start - self._paused, 1e-9)
    rate = self._steps / elapsed
    rates = {
        'steps_per_second': rate,
        'data_wait': self._waited / elapsed,
        'seconds_left': steps_left / rate if rate else float('inf'),
    }
    self._begin()
    return rates
