"""SIGTERM as a request that the loop answers between two steps."""

import signal
import threading

import jax
from jax.experimental import multihost_utils
import numpy as np


class Preempted(Exception):  # noqa: N818 (an answer, not an error)
  """The run was asked to end and has saved its state.

  Attributes:
    step: the step at which it can go on.
  """

  def __init__(self, step: int):
    super().__init__(f'SIGTERM: stopped after step {step}.')
    self.step = step


class Termination:
  """Remembers SIGTERM while its context is open, then restores the handler.

  Python delivers signals to the main thread only; elsewhere this remembers
  nothing and the process keeps whatever handler it has.
  """

  def __init__(self):
    self.requested = False
    self._previous = None
    self._installed = False

  def __enter__(self) -> 'Termination':
    if threading.current_thread() is threading.main_thread():
      self._previous = signal.signal(signal.SIGTERM, self._remember)
      self._installed = True
    return self

  def __exit__(self, *_):
    if self._installed:
      # A handler that was not set from Python is told as None.
      signal.signal(signal.SIGTERM, self._previous or signal.SIG_DFL)

  def _remember(self, *_):
    self.requested = True

  def agreed(self, *, meeting: bool) -> bool:
    """Whether to end now, the same answer in every process.

    Args:
      meeting: whether this is a step at which several processes tell each
        other; they all must say the same. One process needs no meeting.

    Returns:
      True where any process was asked to end.
    """
    if jax.process_count() == 1:
      return self.requested
    if not meeting:
      return False
    return bool(
        np.any(multihost_utils.process_allgather(np.asarray(self.requested)))
    )
