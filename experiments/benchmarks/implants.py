"""Training implants: tasks side by side, against a loop in PyTorch.

  python experiments/benchmarks/implants.py --network=full

Every task trains a stream of 16 channels beside the last block of ResNet-12 for
50 steps and then classifies its queries; what lies below is computed once. The
comparison is a loop over tasks in PyTorch, written here: the same stream with
batch normalisation, loss and AdamW, on the same stored activations; both have
to come to about the same accuracy.
"""

import argparse
import pathlib
import time

import jax
import jax.numpy as jnp
import machine  # pyrefly: ignore[missing-import]
import numpy as np

from lsl_jax import data, evaluation, lowshot, types

WAY, SHOTS, CLASSES = 5, 5, 20
# Side of the map that the last block reads, its depth, and that of the block.
NETWORKS = {
    'full': (10, 256, 512),  # 84 x 84
    'fc100': (4, 256, 512),  # 32 x 32
    'quarter': (4, 64, 128),
    'quick': (4, 4, 8),
}


def make(network: str, images: int, tasks: int, queries: int):
  """Stored activations of random values with some class structure."""
  side, below, depth = NETWORKS[network]
  rng = np.random.default_rng(0)
  labels = np.arange(images) % CLASSES
  taps = {}
  for name, size, channels in (
      ('block4_conv1', side, below),
      ('block4_conv2', side, depth),
      ('block4_conv3', side, depth),
      ('map', side // 2, depth),
  ):
    centres = rng.standard_normal((CLASSES, 1, 1, channels), dtype='f')
    taps[name] = rng.standard_normal((images, size, size, channels), dtype='f')
    taps[name] += centres[labels]
  episodes = data.sample_episodes(
      jax.random.key(0),
      labels,
      way=WAY,
      shots=SHOTS,
      queries=queries,
      tasks=tasks,
  )
  return taps, episodes


def operations(network: str, queries: int, epochs: int) -> float:
  """Multiplications and additions of one task's convolutions.

  A step's forward pass, the gradient of every kernel, and that of what the
  implants' own kernels read; then supports and queries once.
  """
  side, below, depth = NETWORKS[network]
  channels, positions = 16, side**2
  frozen = channels * (9 * (below + 2 * depth) + below)
  own = channels * 9 * 2 * channels
  images = WAY * SHOTS
  step = 2 * frozen + 3 * own
  return (
      2.0
      * positions
      * (images * epochs * step + (images + WAY * queries) * (frozen + own))
  )


def torch_loop(taps, episodes, epochs: int):
  """A loop over tasks, or None without PyTorch."""
  try:
    import torch_implants  # pyrefly: ignore[missing-import]
  except ModuleNotFoundError as error:
    if error.name != 'torch':
      raise
    print('PyTorch is not installed: no comparison.')
    return None
  return torch_implants.loop(
      taps,
      np.asarray(episodes.support),
      np.asarray(episodes.query),
      epochs=epochs,
  )


def run(options: argparse.Namespace) -> dict:
  """Times both, taking turns."""
  taps, episodes = make(
      options.network, options.images, options.tasks, options.queries
  )
  learner = lowshot.implant(stream=lowshot.Stream(), epochs=options.epochs)
  on_device = jax.tree.map(jnp.asarray, taps)
  base = types.Base(jnp.zeros((0, 1)))
  ours = lambda: jax.block_until_ready(
      evaluation.episodic(
          jax.random.key(0),
          learner,
          base,
          on_device,
          episodes,
          memory_gb=options.memory_gb,
      )
  )
  start = time.perf_counter()
  accuracy = np.asarray(ours()['novel/top1'])
  compilation = time.perf_counter() - start
  loop = torch_loop(taps, episodes, options.epochs)
  seconds: dict[str, list[list[float]]] = {'lsl_jax': []}
  for _ in range(options.rounds):
    clock, busy = time.perf_counter(), time.process_time()
    ours()
    seconds['lsl_jax'].append(
        [
            (time.perf_counter() - clock) / options.tasks,
            (time.process_time() - busy) / options.tasks,
        ]
    )
    if loop is not None:
      count = min(options.torch_tasks, options.tasks)
      clock, busy = time.perf_counter(), time.process_time()
      theirs = loop(count)
      seconds.setdefault('PyTorch, a loop over tasks', []).append(
          [
              (time.perf_counter() - clock) / count,
              (time.process_time() - busy) / count,
          ]
      )
      both = float(np.mean(theirs)), float(accuracy[:count].mean())
      print(f'{count} tasks: accuracy {both[0]:.3f} in PyTorch, {both[1]:.3f}')
      # Kernels start from other numbers; with few queries chance is larger.
      if count * WAY * options.queries >= 500 and abs(both[0] - both[1]) > 0.1:
        raise AssertionError(f'accuracies differ: {both}')
  return {
      'machine': machine.describe('jax', 'jaxlib', 'numpy', 'torch'),
      'network': options.network,
      'tasks': options.tasks,
      'queries': options.queries,
      'epochs': options.epochs,
      'memory budget, GB': options.memory_gb,
      'accuracy': float(accuracy.mean()),
      'first call, s': compilation,
      'operations a task, G': (
          operations(options.network, options.queries, options.epochs) / 1e9
      ),
      'seconds a task, by the clock and of the processors': seconds,
  }


def as_markdown(result: dict) -> str:
  """A table: fastest of the rounds, and median."""
  seconds = result['seconds a task, by the clock and of the processors']
  ours = np.min(seconds['lsl_jax'], 0)[0]
  lines = ['# Training implants', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += [
      f'- network {result["network"]}, {result["tasks"]} {WAY}-way {SHOTS}-shot'
      f' tasks with {result["queries"]} queries a class, {result["epochs"]}'
      f' steps each, memory budget {result["memory budget, GB"]} GB',
      f'- {result["operations a task, G"]:.2f} G operations a task; first call'
      f' {result["first call, s"]:.1f} s',
      '',
      '| program | fastest, ms a task | median | processors | G operations/s |'
      ' of lsl_jax |',
      '|---|---|---|---|---|---|',
  ]
  for title, values in seconds.items():
    fastest, busy = np.min(values, 0)
    lines.append(
        f'| {title} | {1e3 * fastest:.1f} |'
        f' {1e3 * np.median(values, 0)[0]:.1f} | {1e3 * busy:.1f} |'
        f' {result["operations a task, G"] / fastest:.1f} |'
        f' {fastest / ours:.2f} |'
    )
  return '\n'.join([*lines, ''])


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--network', choices=NETWORKS, default='fc100')
  parser.add_argument('--images', type=int, default=1000)
  parser.add_argument('--tasks', type=int, default=20)
  parser.add_argument('--queries', type=int, default=30)
  parser.add_argument('--epochs', type=int, default=50)
  parser.add_argument('--torch-tasks', type=int, default=5)
  parser.add_argument('--rounds', type=int, default=3)
  parser.add_argument('--memory-gb', type=float, default=1.0)
  parser.add_argument('--quick', action='store_true')
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path(__file__).parent
  )
  options = parser.parse_args()
  if options.quick:
    options.network, options.images, options.tasks = 'quick', 200, 4
    options.queries, options.epochs, options.rounds = 2, 2, 1
    options.torch_tasks = 2
  result = run(options)
  machine.write(options.output, 'implants', result, as_markdown(result))


if __name__ == '__main__':
  from lsl_jax.pipeline import allocator

  allocator.restart()
  main()
