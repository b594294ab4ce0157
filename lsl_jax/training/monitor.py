"""Watching the metrics of steps that may still be running."""

import collections
from collections.abc import Callable
from typing import Any

import jax


class NonFiniteError(Exception):
  """The loss or the state of a run is no longer finite.

  Attributes:
    step: the first step of which this is true.
    last_good: where the newest checkpoint is, in words.
  """

  def __init__(self, step: int, loss: float, last_good: str):
    super().__init__(
        f'Step {step} gave a loss of {loss:g} and a state that is not finite; '
        f'it was not saved. Last good checkpoint: {last_good}. A lower '
        'learning rate, a warm-up or clip_norm often helps.'
    )
    self.step = step
    self.last_good = last_good


class Monitor:
  """Reads metrics a few steps late, checks every step and averages.

  Reading late keeps the devices busy: they never wait for the host, and the
  host never runs further ahead than `ahead` steps.

  Args:
    fetch: metrics on the devices -> NumPy.
    last_good: tells where the newest checkpoint is.
    ahead: how many steps may be unread; 0 waits for each.
  """

  def __init__(
      self,
      fetch: Callable[[Any], Any],
      last_good: Callable[[], str],
      ahead: int,
  ):
    self._fetch = fetch
    self._last_good = last_good
    self._ahead = ahead
    self._unread = collections.deque()
    self._sums = collections.defaultdict(float)
    self._count = 0

  def add(self, step: int, metrics: dict[str, jax.Array]) -> None:
    """Takes the metrics of the newest step, on the devices.

    Args:
      step: the number of updates made, this one included.
      metrics: as `step.make_step` gives them.

    Raises:
      NonFiniteError: a step that was read now was not finite.
    """
    self._unread.append((step, metrics))
    while len(self._unread) > self._ahead:
      self._read()

  def idle(self) -> bool:
    """Whether the devices have finished every step so far."""
    return all(
        leaf.is_ready()
        for _, metrics in self._unread
        for leaf in jax.tree.leaves(metrics)
    )

  def drain(self) -> None:
    """Reads all steps so far; after this, the newest state is finite.

    Raises:
      NonFiniteError: one of them was not.
    """
    while self._unread:
      self._read()

  def means(self) -> dict[str, float]:
    """The mean of each metric over the steps since the last call."""
    self.drain()
    means = {name: total / self._count for name, total in self._sums.items()}
    self._sums.clear()
    self._count = 0
    return means

  def _read(self):
    step, metrics = self._unread.popleft()
    # On every device, not only on the one that is read: see loop.fit's ahead.
    jax.block_until_ready(metrics)
    scalars = self._fetch(metrics)
    if not scalars.pop('finite'):
      raise NonFiniteError(step, float(scalars['loss']), self._last_good())
    for name, value in scalars.items():
      self._sums[name] += float(value)
    self._count += 1
