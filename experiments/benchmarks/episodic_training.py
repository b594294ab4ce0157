"""Episodic training: episodes a second, against the same in PyTorch.

  python experiments/benchmarks/episodic_training.py

Prototypical networks with Conv-4 (64 channels), 5-way 5-shot, 15 queries a
class: whole training steps (forward, backward, SGD with momentum) on tasks that
are in memory already. All tasks of a step are one program. Each number of tasks
a step and each size of images is measured for this library (executor jit), and
for PyTorch where it is installed: plain, and with channels last in memory. Both
start from the same kind of weights and do the same arithmetic; their losses on
the first step are compared after the weights have been copied over. They take
turns, so that noise hits all alike. Prints a table and writes
episodic_training.json and episodic_training.md into --output. PyTorch is read
from this environment, or from the folder --torch.
"""

import argparse
import pathlib
import statistics
import sys
import time
from typing import Any

import machine  # pyrefly: ignore[missing-import]

WAY, SHOTS, QUERIES = 5, 5, 15
ROWS = WAY * (SHOTS + QUERIES)
MOMENTUM, RATE = 0.9, 0.01


def ours(size: int, width: int, tasks: int, seed: int = 0):
  """The library's step: `(run(steps) -> seconds, first loss, weights)`."""
  import jax
  import jax.numpy as jnp
  import numpy as np

  from lsl_jax import models, ops, representation, training, types

  network = models.build(
      {
          'backbone': 'conv4',
          'num_classes': 64,
          'options': {'width': width},
          'pooling': 'flatten',
      }
  )
  shape = ops.EpisodeShape(WAY, SHOTS, QUERIES)
  made = representation.with_margin(
      representation.prototypical(network, shape), models.Margin()
  )
  images = _images(size, tasks, seed)
  labels = np.tile(np.repeat(np.arange(WAY), SHOTS + QUERIES), tasks)
  batch = types.Batch(jnp.asarray(images), jnp.asarray(labels, jnp.int32))
  variables = jax.jit(made.init)(jax.random.key(seed), batch.images[:1])
  optimizer = training.optimizer.make(
      {'name': 'sgd', 'learning_rate': RATE, 'momentum': MOMENTUM},
      steps_per_epoch=1,
      num_steps=1,
  )
  executor = training.executor.make('jit', made.loss, optimizer)
  weights = jax.tree.map(np.asarray, variables['params']['backbone'])
  state = executor.put_state(training.TrainState.create(variables, optimizer))
  batch = executor.put_batch(batch)
  key = executor.put_state(jax.random.key(1))
  run_step: Any = executor.run
  program = run_step.lower(state, batch, key).compile()
  state, metrics = program(state, batch, key)
  held = [state]

  def run(steps: int) -> float:
    state = held[0]
    start = time.perf_counter()
    for _ in range(steps):
      state, _ = program(state, batch, key)
    jax.block_until_ready(state)
    held[0] = state
    return time.perf_counter() - start

  return run, float(metrics['loss']), weights


def theirs(torch: Any, size, width, tasks, weights, last: bool, seed: int = 0):
  """PyTorch's step: `(run(steps) -> seconds, first loss)`."""
  nn = torch.nn
  layers, channels = [], 3
  for block in range(1, 5):
    conv = nn.Conv2d(channels, width, 3, padding=1, bias=False)
    kernel = weights[f'block{block}_conv']['kernel']
    conv.weight.data = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
    layers += [conv, nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
    channels = width
  device = 'cuda' if torch.cuda.is_available() else 'cpu'
  network = nn.Sequential(*layers).to(device)
  images = torch.from_numpy(_images(size, tasks, seed).transpose(0, 3, 1, 2))
  images = images.contiguous().to(device)
  if last:
    network = network.to(memory_format=torch.channels_last)
    images = images.contiguous(memory_format=torch.channels_last)
  optimizer = torch.optim.SGD(network.parameters(), RATE, MOMENTUM)
  wanted = torch.arange(WAY, device=device).repeat_interleave(QUERIES)
  wanted = wanted.repeat(tasks)

  def step():
    optimizer.zero_grad(set_to_none=True)
    embedded = network(images).flatten(1)
    grouped = embedded.reshape(tasks, WAY, SHOTS + QUERIES, -1)
    prototypes = grouped[:, :, :SHOTS].mean(2)
    queries = grouped[:, :, SHOTS:].reshape(tasks, WAY * QUERIES, -1)
    logits = -torch.cdist(queries, prototypes).square()
    loss = nn.functional.cross_entropy(logits.reshape(-1, WAY), wanted)
    loss.backward()
    optimizer.step()
    return loss

  first = float(step())

  def run(steps: int) -> float:
    start = time.perf_counter()
    losses = [step() for _ in range(steps)]
    float(losses[-1])  # waits for the device
    return time.perf_counter() - start

  return run, first


def _images(size: int, tasks: int, seed: int):
  import numpy as np

  rng = np.random.default_rng(seed)
  return rng.normal(size=(tasks * ROWS, size, size, 3)).astype('float32')


def compare(
    size: int, width: int, tasks: int, repeats: int, steps: int, torch: Any
) -> dict[str, Any]:
  """Seconds a step of each program, taking turns."""
  mine, loss, weights = ours(size, width, tasks)
  programs = {'lsl_jax': mine}
  if torch is not None:
    for name, last in (('PyTorch', False), ('PyTorch, channels last', True)):
      programs[name], other = theirs(torch, size, width, tasks, weights, last)
      if not abs(other - loss) < 1e-2 * abs(loss):
        raise AssertionError(f'{name}: first loss {other}, ours {loss}')
  seconds: dict[str, list[float]] = {name: [] for name in programs}
  for run in programs.values():
    run(1)
  for _ in range(repeats):
    for name, run in programs.items():
      seconds[name].append(run(steps) / steps)
  return {'loss': loss, 'seconds': seconds}


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
    own = min(case['seconds']['lsl_jax'])
    for name, seconds in case['seconds'].items():
      tasks, fastest = case['tasks'], min(seconds)
      lines.append(
          f'| {case["size"]} x {case["size"]} | {tasks} | {name} |'
          f' {tasks / fastest:.1f} | {tasks / statistics.median(seconds):.1f} |'
          f' {1e3 * fastest:.1f} | {fastest / own:.2f} |'
      )
  return '\n'.join([*lines, ''])


def _torch(folder: str) -> Any:
  """PyTorch, or None where it is not installed."""
  if folder:
    sys.path.append(folder)
  try:
    import torch  # pyrefly: ignore[missing-import]
  except ImportError:
    return None
  return torch


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--sizes', type=int, nargs='+', default=[32, 84])
  parser.add_argument('--tasks', type=int, nargs='+', default=[1, 4])
  parser.add_argument('--width', type=int, default=64)
  parser.add_argument('--repeats', type=int, default=10)
  parser.add_argument('--steps', type=int, default=3, help='in each repeat')
  parser.add_argument('--torch', default='', help='site-packages with PyTorch')
  parser.add_argument('--quick', action='store_true', help='tiny, for tests')
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path('benchmarks')
  )
  options = parser.parse_args()
  if options.quick:
    options.sizes, options.tasks, options.width = [16], [2], 4
    options.repeats, options.steps = 2, 1
  from lsl_jax.pipeline import runtime

  runtime.start()
  torch = _torch(options.torch)
  result = {
      'machine': machine.describe('jax', 'jaxlib', 'flax', 'torch'),
      'cases': [
          {
              'size': size,
              'tasks': tasks,
              **compare(
                  size,
                  options.width,
                  tasks,
                  options.repeats,
                  options.steps,
                  torch,
              ),
          }
          for size in options.sizes
          for tasks in options.tasks
      ],
  }
  machine.write(
      options.output, 'episodic_training', result, as_markdown(result)
  )


if __name__ == '__main__':
  from lsl_jax.pipeline import allocator

  allocator.restart()
  main()
