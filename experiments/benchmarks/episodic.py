"""Episodic evaluation of prototypes: against its floor, and loops in PyTorch.

  python experiments/benchmarks/episodic.py

10,000 5-way 5-shot tasks with 30 queries a class on 512-D features of 12,000
images, and tasks whose queries are dense, on maps of 25 positions. Two floors:
what the tasks' features would take to be read once at the rate at which a large
array is read, and what they take to be moved, that is put together for every
task from where they lie, with nothing computed. The comparisons are loops over
tasks in PyTorch, written here: one as a loader-based library runs it (a
sampler, a data loader that collates one image after the other, prototypes and
distances a task), one tight (two index operations, a mean and a product a
task); and easyfsl itself, which draws tasks of its own, where it is installed.
"""

import argparse
import pathlib
import time

import jax
import jax.numpy as jnp
import machine  # pyrefly: ignore[missing-import]
import numpy as np
import rates  # pyrefly: ignore[missing-import]

from lsl_jax import data, evaluation, lowshot, types
from lsl_jax.evaluation import cores
from lsl_jax.evaluation.episodic import chunk_size

WAY, SHOTS, QUERIES, CLASSES = 5, 5, 30, 20
MOVED = 'moving the features alone'


def make(images: int, size: tuple[int, ...], tasks: int):
  """Features with some class structure, labels, and tasks."""
  rng = np.random.default_rng(0)
  labels = np.arange(images) % CLASSES
  centres = rng.normal(size=(CLASSES, size[-1])).astype('f')
  features = rng.standard_normal((images, *size), dtype='f')
  shape = (images, *(1,) * (len(size) - 1), size[-1])
  features += 0.3 * centres[labels].reshape(shape)
  draw = lambda: jax.block_until_ready(
      data.sample_episodes(
          jax.random.key(0),
          labels,
          way=WAY,
          shots=SHOTS,
          queries=QUERIES,
          tasks=tasks,
      )
  )
  draw()  # compiles
  start = time.perf_counter()
  episodes = draw()
  return features, labels, episodes, time.perf_counter() - start


def mover(features: jax.Array, episodes: types.Episode, chunk: int):
  """Puts together what every task needs, task by task, and does no more."""

  @jax.jit
  def move(features, rows):
    def step(_, some):
      return features[some.reshape(-1)], ()

    start = jnp.zeros((rows[0].size, *features.shape[1:]), features.dtype)
    last, _ = jax.lax.scan(step, start, rows)
    return jnp.full(rows.shape[:2], last.ravel()[0])

  rows = np.concatenate([episodes.support, episodes.query], -1)
  rows = rows.reshape(len(rows), -1)
  return lambda: cores.map_chunks(move, features, rows, chunk)


def timed(function) -> tuple[float, float]:
  """Seconds by the clock, and of the processors."""
  start, busy = time.perf_counter(), time.process_time()
  jax.block_until_ready(function())
  return time.perf_counter() - start, time.process_time() - busy


def torch_loops(features, labels, episodes, dense: bool):
  """Loops by name, each `tasks -> accuracies`, of what is installed."""
  try:
    import torch_episodes  # pyrefly: ignore[missing-import]
  except ModuleNotFoundError as error:
    if error.name != 'torch':
      raise
    print('PyTorch is not installed: no comparison.')
    return {}
  found = torch_episodes.loops(
      features, labels, *(np.asarray(x) for x in episodes), dense=dense
  )
  if dense:  # easyfsl takes vectors alone
    return found
  try:
    import easyfsl_episodes  # pyrefly: ignore[missing-import]
  except ModuleNotFoundError as error:
    if error.name != 'easyfsl':
      raise
    print('easyfsl is not installed: no comparison with it.')
    return found
  run = easyfsl_episodes.loop(
      features, labels, way=WAY, shots=SHOTS, queries=QUERIES
  )
  return {'easyfsl': run, **found}


def measure(
    name: str,
    learner: types.Learner,
    size: tuple[int, ...],
    options: argparse.Namespace,
) -> dict:
  """Times one kind of task, taking turns with what it is compared with."""
  dense = len(size) > 1
  images = options.images // (6 if dense else 1)  # as many bytes as memory has
  tasks = options.tasks // (10 if dense else 1)
  features, labels, episodes, sampling = make(images, size, tasks)
  on_device = jnp.asarray(features)
  base = types.Base(jnp.zeros((0, size[-1])))
  ours = lambda: evaluation.episodic(
      jax.random.key(0), learner, base, on_device, episodes
  )
  start = time.perf_counter()
  accuracy = np.asarray(ours()['novel/top1'])
  compilation = time.perf_counter() - start
  loops = torch_loops(features, labels, episodes, dense)
  chunk = chunk_size(features, episodes, None, 1.0)
  moved = mover(on_device, episodes, chunk)
  moved()  # compiles
  seconds: dict[str, list] = {MOVED: [], 'lsl_jax': []}
  rate = 0.0
  for _ in range(options.rounds):
    rate = max(rate, rates.read())
    seconds[MOVED].append(timed(moved))
    seconds['lsl_jax'].append(timed(ours))
    for title, loop in loops.items():
      count = min(options.torch_tasks, tasks)
      scaled = [part * tasks / count for part in timed(lambda: loop(count))]  # noqa: B023
      seconds.setdefault(title, []).append(scaled)
  for title, loop in loops.items():
    np.testing.assert_allclose(
        np.mean(loop(min(5, tasks))),
        accuracy[: min(5, tasks)].mean(),
        atol=0.02,
        err_msg=title,
    )
  read = tasks * WAY * (SHOTS + QUERIES) * np.prod(size) * 4
  return {
      'tasks': name,
      'number': tasks,
      'images': images,
      'accuracy': float(accuracy.mean()),
      'compilation, s': compilation,
      'sampling, s': sampling,
      'read, GB': float(read / 1e9),
      'read rate, GB/s': rate / 1e9,
      'floor, s': float(read / rate),
      'seconds by the clock and of the processors': seconds,
  }


def as_markdown(result: dict) -> str:
  """A table a kind of task: fastest of the rounds, and median."""
  lines = ['# Episodic evaluation: time against floor', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  for kind in result['kinds']:
    lines += [
        '',
        f'## {kind["number"]} tasks, {kind["tasks"]}',
        '',
        f'{kind["images"]} images; {kind["read, GB"]:.2f} GB are read, at'
        f' {kind["read rate, GB/s"]:.1f} GB/s; tasks drawn in'
        f' {kind["sampling, s"]:.2f} s; first call'
        f' {kind["compilation, s"]:.1f} s.',
        '',
        '| program | fastest, s | median, s | processors, s | ms a task | of'
        ' reading | of moving | of lsl_jax |',
        '|---|---|---|---|---|---|---|---|',
        f'| reading as many bytes | {kind["floor, s"]:.3f} | | | | 1.0 | | |',
    ]
    seconds = kind['seconds by the clock and of the processors']
    ours = np.min(seconds['lsl_jax'], 0)[0]
    moving = np.min(seconds[MOVED], 0)[0]
    for title, values in seconds.items():
      fastest, busy = np.min(values, 0)
      lines.append(
          f'| {title} | {fastest:.3f} | {np.median(values, 0)[0]:.3f} |'
          f' {busy:.3f} | {1e3 * fastest / kind["number"]:.3f} |'
          f' {fastest / kind["floor, s"]:.1f} | {fastest / moving:.1f} |'
          f' {fastest / ours:.1f} |'
      )
  lines += ['', 'Loops in PyTorch are timed on some tasks and scaled up.', '']
  return '\n'.join(lines)


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--tasks', type=int, default=10000)
  parser.add_argument('--images', type=int, default=12000)
  parser.add_argument('--torch-tasks', type=int, default=200)
  parser.add_argument('--rounds', type=int, default=5)
  parser.add_argument('--quick', action='store_true')
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path(__file__).parent
  )
  options = parser.parse_args()
  if options.quick:
    options.tasks, options.images, options.rounds = 20, 6000, 1
    options.torch_tasks = 5
  kinds = [
      measure('512-D features', lowshot.prototypical(), (512,), options),
      measure(
          'dense queries on 25 positions of 512-D',
          lowshot.prototypical(query='dense'),
          (5, 5, 512),
          options,
      ),
  ]
  facts = machine.describe('jax', 'jaxlib', 'numpy', 'torch')
  result = {'machine': facts, 'kinds': kinds}
  machine.write(options.output, 'episodic', result, as_markdown(result))


if __name__ == '__main__':
  from lsl_jax.pipeline import allocator

  allocator.restart()
  main()
