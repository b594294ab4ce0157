"""Episodic training: episodes a second, against the same in PyTorch.

  python experiments/benchmarks/episodic_training.py

Prototypical networks with Conv-4 (64 channels), 5-way 5-shot, 15 queries a
class: whole training steps (forward, backward, SGD with momentum) on tasks that
are in memory already. All tasks of a step are one program. Each number of tasks
a step and each size of images is measured for this library (executor jit), and
for PyTorch where it is installed: plain, and with channels last in memory. All
start from the same weights and do the same arithmetic; their losses on the
first step are compared. Each has a process of its own, and they take turns, so
that noise hits all alike. Prints a table and writes
episodic_training.json and episodic_training.md into --output. PyTorch is read
from this environment, or from the folder --torch.
"""

import argparse
import functools
import importlib.util
import os
import pathlib
import statistics
import time
from typing import Any

import machine  # pyrefly: ignore[missing-import]
import numpy as np
import training_tasks as given  # pyrefly: ignore[missing-import]
import turns  # pyrefly: ignore[missing-import]

OURS = 'lsl_jax'


def ours(size: int, width: int, tasks: int) -> tuple[Any, float]:
  """The library's step: `(run(steps) -> seconds, first loss)`."""
  import jax
  import jax.numpy as jnp

  from lsl_jax import models, ops, representation, training, types

  network = models.build(
      {
          'backbone': 'conv4',
          'num_classes': 64,
          'options': {'width': width},
          'pooling': 'flatten',
      }
  )
  shape = ops.EpisodeShape(given.WAY, given.SHOTS, given.QUERIES)
  made = representation.with_margin(
      representation.prototypical(network, shape), models.Margin()
  )
  labels = np.tile(
      np.repeat(np.arange(given.WAY), given.SHOTS + given.QUERIES), tasks
  )
  batch = types.Batch(
      jnp.asarray(given.images(size, tasks)), jnp.asarray(labels, jnp.int32)
  )
  variables = jax.jit(made.init)(jax.random.key(0), batch.images[:1])
  for block, kernel in enumerate(given.kernels(width), 1):
    variables['params']['backbone'][f'block{block}_conv']['kernel'] = kernel
  optimizer = training.optimizer.make(
      {'name': 'sgd', 'learning_rate': given.RATE, 'momentum': given.MOMENTUM},
      steps_per_epoch=1,
      num_steps=1,
  )
  executor = training.executor.make('jit', made.loss, optimizer)
  state = executor.put_state(training.TrainState.create(variables, optimizer))
  batch = executor.put_batch(batch)
  key = executor.put_state(jax.random.key(1))
  run_step: Any = executor.run
  program = run_step.lower(state, batch, key).compile()
  state, metrics = program(state, batch, key)

  def run(steps: int) -> float:
    nonlocal state
    start = time.perf_counter()
    for _ in range(steps):
      state, _ = program(state, batch, key)
    jax.block_until_ready(state)
    return (time.perf_counter() - start) / steps

  return run, float(metrics['loss'])


def theirs(size: int, width: int, tasks: int, last: bool) -> tuple[Any, float]:
  """PyTorch's step, likewise."""
  import torch_episodic_training  # pyrefly: ignore[missing-import]

  return torch_episodic_training.make(size, width, tasks, last)


PROGRAMS = {
    OURS: ours,
    'PyTorch': functools.partial(theirs, last=False),
    'PyTorch, channels last': functools.partial(theirs, last=True),
}


def work(name: str, size: int, width: int, tasks: int) -> None:
  """A process: says its first loss, then times as many steps as it is told."""
  if name == OURS:
    from lsl_jax.pipeline import allocator, runtime

    allocator.restart()
    runtime.start()
  run, first = PROGRAMS[name](size, width, tasks)
  run(1)
  turns.say(first)
  turns.serve(run)


def compare(size: int, tasks: int, options: argparse.Namespace) -> dict:
  """Seconds a step of each program, taking turns."""
  shape = [str(number) for number in (size, options.width, tasks)]
  names = [n for n in PROGRAMS if n == OURS or options.torch is not None]
  words = {name: [__file__, '--work', name, *shape] for name in names}
  with_torch = os.pathsep.join(
      filter(None, [os.environ.get('PYTHONPATH'), options.torch])
  )
  environments = {
      name: {**os.environ, 'PYTHONPATH': with_torch}
      for name in names
      if name != OURS
  }
  with turns.programs(words, environments) as (losses, turn):
    for loss in losses.values():
      if not abs(loss - losses[OURS]) < 1e-2 * abs(losses[OURS]):
        raise AssertionError(f'first losses differ: {losses}')
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.repeats):
      for name in names:
        seconds[name].append(turn(name, options.steps))
  return {'loss': losses[OURS], 'seconds': seconds}


def as_markdown(result: dict[str, Any]) -> str:
  """One table: episodes a second, and how long a step took."""
  lines = ['# Episodic training: prototypical networks, Conv-4', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += [
      '',
      '| images | tasks a step | program | episodes a second (fastest) |'
      ' (median) | fastest step, ms | against lsl_jax |',
      '|---|---|---|---|---|---|---|',
  ]
  for case in result['cases']:
    own = min(case['seconds'][OURS])
    for name, seconds in case['seconds'].items():
      tasks, fastest = case['tasks'], min(seconds)
      lines.append(
          f'| {case["size"]} x {case["size"]} | {tasks} | {name} |'
          f' {tasks / fastest:.1f} | {tasks / statistics.median(seconds):.1f} |'
          f' {1e3 * fastest:.1f} | {fastest / own:.2f} |'
      )
  return '\n'.join([*lines, ''])


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--sizes', type=int, nargs='+', default=[32, 84])
  parser.add_argument('--tasks', type=int, nargs='+', default=[1, 4])
  parser.add_argument('--width', type=int, default=64)
  parser.add_argument('--repeats', type=int, default=10)
  parser.add_argument('--steps', type=int, default=3, help='in each repeat')
  parser.add_argument(
      '--torch',
      default='' if importlib.util.find_spec('torch') else None,
      help='site-packages with PyTorch, where this environment has none',
  )
  parser.add_argument('--quick', action='store_true', help='tiny, for tests')
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path('benchmarks')
  )
  parser.add_argument('--work', nargs=4, help=argparse.SUPPRESS)
  options = parser.parse_args()
  if options.work:
    name, *shape = options.work
    work(name, *map(int, shape))
    return
  if options.quick:
    options.sizes, options.tasks, options.width = [16], [2], 4
    options.repeats, options.steps = 2, 1
  result = {
      'machine': machine.describe('jax', 'jaxlib', 'flax', 'torch'),
      'cases': [
          {'size': size, 'tasks': tasks, **compare(size, tasks, options)}
          for size in options.sizes
          for tasks in options.tasks
      ],
  }
  machine.write(
      options.output, 'episodic_training', result, as_markdown(result)
  )


if __name__ == '__main__':
  main()
