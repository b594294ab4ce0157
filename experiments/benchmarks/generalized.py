"""Generalized evaluation of many draws: time, floor, and PyTorch loops.

  python experiments/benchmarks/generalized.py

1,000 draws x 5 nested numbers of shots, 512-D features, 100 base and 100 novel
classes with 30 training images each, 5,794 test images (the sizes of
CUB-200-2011), in one compiled program. The floor is what the arithmetic needs
at rates that this machine reaches in small kernels. PyTorch is compared with
where it is installed. Writes generalized.json and generalized.md into --output.
"""

import argparse
import os
import pathlib
import time

import jax
import machine  # pyrefly: ignore[missing-import]
import numpy as np
import rates  # pyrefly: ignore[missing-import]

from lsl_jax import evaluation, lowshot, types

SHOTS = (1, 2, 5, 10, 20)
BASE, NOVEL, IMAGES_A_CLASS, FEATURES, QUERIES = 100, 100, 30, 512, 5794


def make_task(num_draws: int, seed: int = 0):
  """Random features around random centres, in the sizes of CUB."""
  rng = np.random.default_rng(seed)
  centres = rng.normal(size=(BASE + NOVEL, FEATURES)).astype(np.float32)
  labels = rng.integers(0, BASE + NOVEL, QUERIES).astype(np.int32)

  def features(classes):
    noise = rng.normal(size=(len(classes), FEATURES)).astype(np.float32)
    return centres[classes] + 6 * noise

  pool = features(np.repeat(BASE + np.arange(NOVEL), IMAGES_A_CLASS))
  order = rng.random((num_draws, NOVEL, IMAGES_A_CLASS)).argsort(-1)
  first = IMAGES_A_CLASS * np.arange(NOVEL)[:, None]
  draws = (first + order[..., : SHOTS[-1]]).astype(np.int32)
  return centres[:BASE], pool, draws, features(labels), labels


def floor(num_draws: int, rate: dict[str, float]) -> dict[str, float]:
  """Seconds that each part of the arithmetic takes at the measured rates."""
  pool_size = NOVEL * IMAGES_A_CLASS
  rows = num_draws * NOVEL * SHOTS[-1]
  logits = num_draws * len(SHOTS) * NOVEL * QUERIES
  # A row is fetched once for the products with the queries, once for the
  # template's length. Fetching it can be no faster than reading the cache.
  numbers = rows * (QUERIES + FEATURES)
  fetch = max(rate['gather_add'], rate['cache_stream'] / 8)
  return {
      'inner products': 2 * pool_size * FEATURES * QUERIES / rate['matmul'],
      'sums of rows': numbers / fetch,
      'comparisons': logits / rate['compare_count'],
  }


def compile_program(task):
  """The whole evaluation as one executable; seconds and bytes it took."""

  def evaluate(templates, pool, draws, queries, labels):
    return evaluation.generalized(
        jax.random.key(0),
        lowshot.imprint(),
        types.Base(templates),
        pool,
        draws,
        queries,
        labels,
        shots=SHOTS,
    )

  start = time.perf_counter()
  program = jax.jit(evaluate).lower(*task).compile()
  compilation = time.perf_counter() - start
  analysis = program.memory_analysis()
  return program, compilation, analysis.temp_size_in_bytes if analysis else 0


def timed(function, *arguments) -> tuple[float, float]:
  """Seconds by the clock, and of the processors, divided by their number.

  The two are equal where all cores work all the time; on a machine that others
  use, the second says what the first would be without them.
  """
  start, busy = time.perf_counter(), time.process_time()
  jax.block_until_ready(function(*arguments))
  busy = (time.process_time() - busy) / (os.cpu_count() or 1)
  return time.perf_counter() - start, busy


def torch_loops(task):
  """Loops by name; empty, with a message, where PyTorch is missing."""
  try:
    import torch_draws  # pyrefly: ignore[missing-import]
  except ModuleNotFoundError as error:
    if error.name != 'torch':
      raise
    print('PyTorch is not installed: no comparison.')
    return {}
  templates, pool, _, queries, labels = task
  return torch_draws.loops(templates, pool, queries, labels, SHOTS)


def run(num_draws: int, torch_draws: int, rounds: int) -> dict:
  """Alternates between all that is compared, so that noise hits all alike."""
  facts = machine.describe('jax', 'jaxlib', 'numpy', 'torch')
  task = make_task(num_draws)
  on_device = jax.device_put(task)
  program, compilation, memory = compile_program(on_device)
  accuracy = program(*on_device)['all/top1']
  loops = torch_loops(task)
  seconds: dict[str, list] = {'lsl_jax': [], **{name: [] for name in loops}}
  rate: dict[str, float] = {}
  for _ in range(rounds):
    for name, value in rates.measure().items():
      rate[name] = max(value, rate.get(name, 0))
    seconds['lsl_jax'].append(timed(program, *on_device))
    for name, loop in loops.items():
      some = task[2][:torch_draws]
      scale = num_draws / len(some)
      seconds[name].append([scale * part for part in timed(loop, some)])
  for name, loop in loops.items():
    right = loop(task[2][:3]) / QUERIES
    np.testing.assert_allclose(right, accuracy[:3], atol=3e-4, err_msg=name)
  return {
      'machine': facts,
      'draws': num_draws,
      'draws timed in PyTorch': torch_draws,
      'compilation, s': compilation,
      'temporary memory, MB': memory / 1e6,
      'rates, G/s': {name: value / 1e9 for name, value in rate.items()},
      'floor, s': floor(num_draws, rate),
      'seconds by the clock and of the processors': seconds,
  }


def as_markdown(result: dict) -> str:
  """The result as a table, fastest of the rounds and median."""
  parts = result['floor, s']
  least = sum(parts.values())
  lines = ['# Generalized evaluation: time against floor', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += [
      f'- task: {result["draws"]} draws x {len(SHOTS)} numbers of shots,'
      f' {FEATURES}-D, {BASE} + {NOVEL} classes, {QUERIES} test images',
      f'- compilation: {result["compilation, s"]:.1f} s; temporary memory:'
      f' {result["temporary memory, MB"]:.1f} MB',
      '- measured rates, G/s: '
      + ', '.join(f'{k} {v:.1f}' for k, v in result['rates, G/s'].items()),
      '- floor: '
      + ' + '.join(f'{name} {part:.3f} s' for name, part in parts.items()),
      '',
      '| program | fastest, s | median, s | processors, s | of the floor'
      ' | of lsl_jax |',
      '|---|---|---|---|---|---|',
      f'| floor | {least:.3f} | | | 1.0 | |',
  ]
  seconds = result['seconds by the clock and of the processors']
  ours = np.min(seconds['lsl_jax'], 0)[0]
  for name, values in seconds.items():
    fastest, busy = np.min(values, 0)
    lines.append(
        f'| {name} | {fastest:.3f} | {np.median(values, 0)[0]:.3f} |'
        f' {busy:.3f} | {fastest / least:.1f} | {fastest / ours:.1f} |'
    )
  lines += ['', 'Processor time is summed over cores, divided by their number.']
  if len(seconds) > 1:
    number = result['draws timed in PyTorch']
    lines.append(
        f'A loop in PyTorch is timed on {number} draws and scaled up; it counts'
        ' top-1 alone, the program top-1 and top-5.'
    )
  lines.append('')
  return '\n'.join(lines)


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--draws', type=int, default=1000)
  parser.add_argument('--torch_draws', type=int, default=20)
  parser.add_argument('--rounds', type=int, default=5)
  parser.add_argument(
      '--output',
      type=pathlib.Path,
      default=pathlib.Path(__file__).parent,
      help='folder of generalized.json and generalized.md',
  )
  options = parser.parse_args()
  result = run(options.draws, options.torch_draws, options.rounds)
  machine.write(options.output, 'generalized', result, as_markdown(result))


if __name__ == '__main__':
  main()
