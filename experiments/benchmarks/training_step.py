"""Training step on a CPU: the library's against other formulations.

  python experiments/benchmarks/training_step.py

Runs whole training steps (softmax, SGD with momentum, executor jit) of the
library's networks with convolutions formulated and flags set in several ways.
Each way has a process of its own, since flags are read when JAX starts; the
processes live side by side and take turns, a few steps at a time, so that noise
hits all alike. Before that, each one's first update is compared with that of
`lax.conv_general_dilated`. Prints a table and writes training_step.json and
training_step.md into --output.
"""

import argparse
import contextlib
import os
import pathlib
import resource
import statistics
import sys
import time
from typing import Any

import machine  # pyrefly: ignore[missing-import]
import networks  # pyrefly: ignore[missing-import]
import turns  # pyrefly: ignore[missing-import]
import ways  # pyrefly: ignore[missing-import]

HERE = pathlib.Path(__file__).parent
REFERENCE = 'XLA, flag'


def work(network: networks.Network, name: str) -> None:
  """A process: says how it compiled, then times steps for each line it reads.

  What it writes are lines of JSON: the first update and the seconds of
  compilation, then what a step takes.
  """
  way = ways.WAYS[name]
  if name == ways.OURS:
    from lsl_jax.pipeline import allocator, runtime

    allocator.restart()
    runtime.start()
  import jax

  jax.config.update('jax_enable_compilation_cache', False)
  import convolutions  # pyrefly: ignore[missing-import]
  import numpy as np

  change = contextlib.nullcontext()
  if way.convolution:
    change = convolutions.swapped(
        convolutions.FORMULATIONS[way.convolution], way.channels
    )
  with change:
    executor, state, batch = networks.make(network)
    key = executor.put_state(jax.random.key(1))
    start = time.perf_counter()
    program = executor.run.lower(state, batch, key).compile()
    compilation = time.perf_counter() - start
  before = jax.device_get(state.params)
  state, _ = program(state, batch, key)
  pairs = zip(*map(jax.tree.leaves, (before, state.params)), strict=True)
  update = np.concatenate(
      [
          (np.asarray(new) - old).ravel()[:: max(1, old.size // 256)]
          for old, new in pairs
      ]
  ).tolist()
  turns.say({'update': update, 'compilation': compilation})

  def run(steps):
    nonlocal state
    before = _spent()
    for _ in range(steps):
      state, _ = program(state, batch, key)
    jax.block_until_ready(state)
    pairs = zip(before, _spent(), strict=True)
    return [(end - begin) / steps for begin, end in pairs]

  turns.serve(run)


def _spent() -> tuple[float, float, int]:
  """Seconds by the clock and of the processors, and pages mapped."""
  faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
  return time.perf_counter(), time.process_time(), faults


def environment(name: str) -> dict[str, str]:
  """In which the process of a way lives."""
  way = ways.WAYS[name]
  result = {**os.environ, 'JAX_PLATFORMS': 'cpu', 'XLA_FLAGS': ''}
  result.pop('GLIBC_TUNABLES', None)
  if way.flag and name != ways.OURS:
    result['XLA_FLAGS'] = ways.FLAG
  if way.huge_pages:
    result['GLIBC_TUNABLES'] = ways.PAGES
  return result


def compare(network: str, names: list[str], repeats: int) -> dict[str, Any]:
  """Measures some ways, one of them `REFERENCE`, taking turns."""
  import numpy as np

  steps = networks.NETWORKS[network].steps
  words = {n: [__file__, '--network', network, '--work', n] for n in names}
  environments = {name: environment(name) for name in names}
  with turns.programs(words, environments) as (first, turn):
    expected = np.array(first[REFERENCE]['update'])
    results = {}
    for name, facts in first.items():
      error = np.linalg.norm(facts['update'] - expected)
      error /= np.linalg.norm(expected)
      if not error < 1e-2:  # rounding puts some ReLUs on the other side of zero
        raise AssertionError(f'{network}, {name}: updates differ by {error}')
      results[name] = {
          'compilation': facts['compilation'],
          'difference': float(error),
          'spent': [],
      }
    for _ in range(repeats):
      for name in names:
        results[name]['spent'].append(turn(name, steps))
  return results


def as_markdown(result: dict[str, Any]) -> str:
  """Tables, one a network, the fastest of the repeats and their median.

  Processors' time is also divided by that of `REFERENCE` in the same turn, of
  which the median withstands other programs best.
  """
  lines = ['# Training step: formulations of convolution on a CPU', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  for network, results in result['networks'].items():
    repeats = len(next(iter(results.values()))['spent'])
    shape = networks.NETWORKS[network]
    best = min(min(facts['spent'])[0] for facts in results.values())
    lines += [
        '',
        f'{network}: images of {shape.size} x {shape.size}, batch'
        f' {shape.batch}, {repeats} repeats of {shape.steps} steps:',
        '',
        '| formulation | fastest, ms | median, ms | of the fastest |'
        ' processors, ms | of the reference | page faults | compiled, s |'
        ' updates differ by |',
        '|---|---|---|---|---|---|---|---|---|',
    ]
    for name, facts in results.items():
      seconds, busy, faults = zip(*facts['spent'], strict=True)
      pairs = zip(busy, results[REFERENCE]['spent'], strict=True)
      ratio = statistics.median(ours / theirs[1] for ours, theirs in pairs)
      lines.append(
          f'| {name} | {1e3 * min(seconds):.1f} |'
          f' {1e3 * statistics.median(seconds):.1f} |'
          f' {min(seconds) / best:.2f} | {1e3 * statistics.median(busy):.1f} |'
          f' {ratio:.3f} |'
          f' {statistics.median(faults):.0f} | {facts["compilation"]:.1f} |'
          f' {facts["difference"]:.0e} |'
      )
  return '\n'.join([*lines, ''])


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument(
      '--network', action='append', choices=list(networks.NETWORKS)
  )
  parser.add_argument('--way', action='append', choices=list(ways.WAYS))
  parser.add_argument('--repeats', type=int, default=10)
  parser.add_argument('--quick', action='store_true', help='tiny: does it run?')
  parser.add_argument('--output', type=pathlib.Path, default=HERE)
  parser.add_argument('--work', help=argparse.SUPPRESS)
  options = parser.parse_args()
  if options.work:
    work(networks.NETWORKS[options.network[0]], options.work)
    return
  chosen = options.network or [n for n in networks.NETWORKS if n != 'tiny']
  names = options.way or list(ways.WAYS)
  if options.quick:
    chosen, names = ['tiny'], [ways.OURS, REFERENCE]
    options.repeats = 2
  facts = machine.describe('jax', 'jaxlib', 'flax', 'numpy')
  measured = {}
  for network in chosen:
    print(f'Measuring {network} ...', file=sys.stderr)
    measured[network] = compare(
        network, list(dict.fromkeys([REFERENCE, *names])), options.repeats
    )
  result = {'machine': facts, 'networks': measured}
  machine.write(options.output, 'training_step', result, as_markdown(result))


if __name__ == '__main__':
  main()
