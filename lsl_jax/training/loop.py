"""The one loop over steps."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import jax

from lsl_jax.training import clock as clock_lib
from lsl_jax.training import executor as executor_lib
from lsl_jax.training import monitor as monitor_lib
from lsl_jax.training import signals
from lsl_jax.training import state as state_lib

Scalars = dict[str, float]


class Store(Protocol):
  """What the loop needs of `checkpoint.Checkpoints`."""

  def restore(self, like: Any) -> Any:
    """The newest intact state, or None."""

  def save(self, state: Any, metrics: Scalars | None = None) -> None:
    """Begins to save a host copy of a state."""

  def wait(self) -> None:
    """Returns when what `save` began is on the disk."""

  def describe_latest(self) -> str:
    """Where the newest checkpoint is, in words."""


def fit(
    executor: executor_lib.Executor,
    state: state_lib.TrainState,
    batches: Callable[[int], Iterator[Any]],
    *,
    key: jax.Array,
    num_steps: int,
    checkpoints: Store | None = None,
    save_every: int | None = None,
    evaluate: Callable[[state_lib.TrainState], Scalars] | None = None,
    evaluate_every: int | None = None,
    on_metrics: Callable[[int, Scalars], None] | None = None,
    log_every: int = 100,
    ahead: int | None = None,
) -> state_lib.TrainState:
  """Trains until `num_steps` updates have been made.

  Goes on from the newest checkpoint where there is one. The run is a function
  of `state`, `key` and `batches`: interrupted anywhere and started again, it
  ends with the same parameters.

  Args:
    executor: runs the step on devices.
    state: the state to begin with, in host memory or on one device.
    batches: `start_step -> iterator` over this process's rows of each batch,
      such as `Stream.batches`.
    key: the run's key; step t uses `fold_in(key, t)`.
    num_steps: updates of the whole run.
    checkpoints: where states are saved; None to save none.
    save_every: steps between checkpoints; None for the last step alone.
    evaluate: a host copy of the state -> scalars, which are reported and saved
      with a checkpoint of that step.
    evaluate_every: steps between evaluations; None for the last step alone.
    on_metrics: `(step, scalars)`, called in order of the steps: the mean of
      each metric since the last report with `steps_per_second`, `data_wait`
      and `seconds_left`; and what `evaluate` returned.
    log_every: steps between reports.
    ahead: how many steps may be queued on the devices before the loop looks
      at the metrics of the first of them. By default 2, and 0 on several CPU
      devices: pretended ones deadlock in collectives where steps queue up.

  Returns:
    A host copy of the last state.

  Raises:
    monitor.NonFiniteError: the loss or the state has become NaN or infinite;
      names the step and the last good checkpoint. Such a state is never saved.
    signals.Preempted: SIGTERM came, and the state has been saved. With several
      processes they agree on it every `log_every` steps.
    ValueError: the checkpoint is of a later step than `num_steps`, or
      `batches` ended early.
  """
  if checkpoints is not None:
    restored = checkpoints.restore(state)
    state = state if restored is None else restored
  step = int(state.step)
  if step > num_steps:
    raise ValueError(
        f'The newest checkpoint is of step {step}, beyond the {num_steps} '
        'steps of this run.'
    )
  monitor = monitor_lib.Monitor(
      executor.fetch,
      checkpoints.describe_latest if checkpoints else lambda: 'none',
      _steps_ahead(executor) if ahead is None else ahead,
  )
  clock = clock_lib.Clock()
  placed, placed_key = executor.put_state(state), executor.put_state(key)
  source = batches(step)

  with signals.Termination() as termination:
    while step < num_steps:
      batch = clock.wait_for(source, monitor.idle)
      if batch is None:
        raise ValueError(f'The batches ended at step {step} of {num_steps}.')
      placed, metrics = executor.run(
          placed, executor.put_batch(batch), placed_key
      )
      step += 1
      monitor.add(step, metrics)

      final = step == num_steps
      reporting = final or _due(step, log_every)
      if reporting and on_metrics is not None:
        on_metrics(step, {**monitor.means(), **clock.read(num_steps - step)})
      stop = termination.agreed(meeting=reporting)

      evaluating = final or _due(step, evaluate_every)
      saving = final or stop or _due(step, save_every)
      if evaluating or saving:
        monitor.drain()  # a state that is not finite is never saved
        host, scalars = executor.fetch(placed), None
        if evaluating and evaluate is not None:
          scalars = clock.pause(evaluate, host)
          if on_metrics is not None:
            on_metrics(step, scalars)
        if checkpoints is not None and (saving or scalars):
          checkpoints.save(host, scalars)
      if stop:
        break
    if checkpoints is not None:
      checkpoints.wait()
    if termination.agreed(meeting=True):
      raise signals.Preempted(step)
  monitor.drain()
  return executor.fetch(placed)


def _due(step, every):
  return bool(every) and step % every == 0


def _steps_ahead(executor):
  devices = executor.mesh.devices
  return 0 if devices.flat[0].platform == 'cpu' and devices.size > 1 else 2
