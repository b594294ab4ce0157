"""Checkpoints: asynchronous, atomic, bounded in number, the best and the last.

The one module that knows Orbax. What is saved is a host copy of the state, so
a checkpoint knows nothing of devices and can be restored onto any number.
"""

import contextlib
import math
from typing import Any

from absl import logging
from etils import epath
import jax
from jax.experimental import multihost_utils
from orbax.checkpoint import v1 as orbax

from lsl_jax.training import named_arrays, recipe

_policies = orbax.training.preservation_policies
_EVERY_STEP = orbax.training.save_decision_policies.FixedIntervalPolicy(1)
_REVERSE = {'max': False, 'min': True}  # Orbax keeps the end of its order


class CorruptCheckpointError(Exception):
  """There are checkpoints, but none of them can be read."""


class UnwrittenCheckpointError(OSError):
  """A checkpoint could not be written; those before it are whole."""


class Checkpoints:
  """The checkpoints of one run, in a folder of their own.

  A checkpoint appears in the folder under its step once all of it is written,
  and older ones are removed only then; a process killed at any moment leaves
  what was there before. All processes of a run call every method together.

  Args:
    directory: the folder; made if missing.
    keep: how many of the newest checkpoints to keep.
    best: the metric by which one more checkpoint is kept, or None.
    best_mode: 'max' or 'min', which value of the metric is the best.

  Raises:
    ValueError: another `best_mode`, or nothing to keep.
  """

  def __init__(
      self,
      directory: Any,
      *,
      keep: int = 2,
      best: str | None = None,
      best_mode: str = 'max',
  ):
    if keep < 1:
      raise ValueError(f'keep={keep}: at least one checkpoint must be kept.')
    self._best = best
    self._reverse = recipe.choose(_REVERSE, best_mode, 'best_mode')
    kept: list[Any] = [_policies.LatestN(keep)]
    if best is not None:
      kept.append(
          _policies.BestN(
              get_metric_fn=lambda metrics: metrics[best],
              reverse=self._reverse,
              n=1,
              keep_checkpoints_without_metrics=False,
          )
      )
    # Typed Any: Orbax's own policies do not fit the types of its parameters.
    options: dict[str, Any] = {
        'save_decision_policy': _EVERY_STEP,
        'preservation_policy': _policies.AnyPreservationPolicy(kept),
    }
    self._orbax: Any = orbax.training.Checkpointer(
        epath.Path(directory).resolve(),
        cleanup_tmp_directories=True,
        **options,
    )

  def __enter__(self) -> 'Checkpoints':
    return self

  def __exit__(self, *_):
    self.close()

  @property
  def steps(self) -> list[int]:
    """The steps of the checkpoints that exist, ascending."""
    return [c.step for c in self._orbax.checkpoints]

  @property
  def best_step(self) -> int | None:
    """The step of the best checkpoint, or None where none has the metric."""
    scored: list[Any] = [c for c in self._orbax.checkpoints if c.metrics]
    scored.sort(key=lambda c: c.metrics[self._best], reverse=self._reverse)
    return scored[-1].step if scored else None

  def save(self, state: Any, metrics: dict[str, float] | None = None) -> None:
    """Begins to save a state; returns before it is on the disk.

    A checkpoint of the same step is left as it is: states are functions of
    their step.

    Args:
      state: a state in host memory.
      metrics: scalars of this state; where the metric that decides which
        checkpoint is the best is among them and finite, it is saved too.

    Raises:
      UnwrittenCheckpointError: this one, or the one before, which was still
        being written, cannot be written.
    """
    step = int(state.step)
    if step in self.steps:
      return
    value = (metrics or {}).get(self._best or '', math.nan)
    chosen = {self._best: float(value)} if math.isfinite(value) else None
    with self._writing():
      self._orbax.save_async(
          step, named_arrays.by_path(state), metrics=chosen, force=True
      )

  def restore(self, like: Any, *, step: int | None = None) -> Any | None:
    """The newest state that can be read, or the state of one step.

    A checkpoint that cannot be read is passed over for the one before, with a
    warning that says why, and set aside under another name so that its step
    can be saved again.

    Args:
      like: a state with the shapes and types to expect.
      step: a step of `steps`, such as `best_step`; None for the newest.

    Returns:
      The state in host memory, or None where there is no checkpoint.

    Raises:
      CorruptCheckpointError: none can be read; the message has the reasons.
    """
    self.wait()
    steps = self.steps[::-1] if step is None else [step]
    failed = {}
    for candidate in steps:
      try:
        state = self._load(candidate, like)
      except Exception as error:  # whatever a damaged file makes Orbax raise
        failed[candidate] = _reason(error)
        logging.warning(
            'Checkpoint %s cannot be read: %s',
            self._path(candidate),
            failed[candidate],
        )
        continue
      if failed:
        logging.warning('Falling back to checkpoint %s.', self._path(candidate))
        self._set_aside(failed)
      return state
    if failed:
      reasons = '\n'.join(f'  {s}: {why}' for s, why in failed.items())
      raise CorruptCheckpointError(
          f'No checkpoint in {self._orbax.directory} can be read into this '
          f'state:\n{reasons}\nUse the code and config that wrote them, or '
          'move that folder away to begin anew.'
      )
    return None

  def describe_latest(self) -> str:
    """Where the newest finished checkpoint is, in words."""
    self.wait()
    steps = self.steps
    return f'{self._path(steps[-1])} (step {steps[-1]})' if steps else 'none'

  def wait(self) -> None:
    """Returns when every checkpoint is on the disk.

    Raises:
      UnwrittenCheckpointError: one could not be written.
    """
    with self._writing():
      self._orbax.wait()

  def close(self) -> None:
    """Waits for the last checkpoint, as `wait`, and ends Orbax's threads."""
    with self._writing():
      self._orbax.close()

  @contextlib.contextmanager
  def _writing(self):
    """Says of whatever keeps Orbax from writing what it means here."""
    try:
      yield
    except Exception as error:
      steps = self.steps
      kept = f'that of step {steps[-1]} is whole' if steps else 'there is none'
      raise UnwrittenCheckpointError(
          f'cannot write a checkpoint into {self._orbax.directory}:'
          f' {_reason(error)}. Of those before it, {kept}: once the cause is'
          ' mended, the same command goes on from there.'
      ) from error

  def _path(self, step):
    return self._orbax.directory / str(step)

  def _load(self, step, like):
    expected = named_arrays.by_path(like)
    named_arrays.check_readable(self._path(step) / 'state')
    saved = self._orbax.metadata(step).metadata
    if saved is not None:  # else loading will say why
      named_arrays.check_same(expected, saved)
    arrays = self._orbax.load(step, expected)
    return jax.tree.unflatten(
        jax.tree.structure(like), [arrays[path] for path in expected]
    )

  def _set_aside(self, steps):
    if jax.process_index() == 0:
      for step in steps:
        self._path(step).rename(_free_name(self._path(f'unreadable-{step}')))
    if jax.process_count() > 1:
      multihost_utils.sync_global_devices('unreadable checkpoints set aside')
    self._orbax.reload()


def _free_name(path):
  """The path, or the first of its numbered variants that does not exist."""
  number, free = 0, path
  while free.exists():
    number += 1
    free = path.with_name(f'{path.name}.{number}')
  return free


def _reason(error: BaseException) -> str:
  """The first cause of an error: Orbax wraps it in a message of its own."""
  while error.__cause__ is not None:
    error = error.__cause__
  message = str(error).strip().partition(' [tensorstore_spec')[0]
  return f'{type(error).__name__}: {message}'
