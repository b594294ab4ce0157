"""Input pipeline: images a second, and how long training waits for them.

  python experiments/benchmarks/input_pipeline.py

Letters in memory, as configs/imprint_glyphs.py trains on them, and JPEG files
that are decoded, cropped and flipped by threads or processes. Measured in
turns: the stream alone, the training step alone on one batch again and again,
and the training loop with both; by the clock, and in time of the processors
(without that of other processes), of which the loop takes more than the step by
all that data and the loop itself cost. The share of waiting is what the loop
reports: the time in which the devices ran out of steps before the next batch
came. Prints tables and writes input_pipeline.json and input_pipeline.md into
--output.
"""

import argparse
from collections.abc import Callable
import functools
import pathlib
import statistics
import time
from typing import Any

import letters  # pyrefly: ignore[missing-import]
import machine  # pyrefly: ignore[missing-import]
import networks  # pyrefly: ignore[missing-import]
import photographs  # pyrefly: ignore[missing-import]

from lsl_jax.pipeline import allocator, runtime

HERE = pathlib.Path(__file__).parent
LOOP, STEP = 'training loop', 'training step alone'
# Seconds by the clock and of the processors that a batch takes, one a round.
Costs = dict[str, list[tuple[float, float]]]


def measure(case: tuple[Any, ...], steps: int, rounds: int) -> dict[str, Any]:
  """Costs of a batch, in turns; the loop reads the first of the streams.

  Args:
    case: executor, state and streams by name.
    steps: batches a round.
    rounds: how many.
  """
  import jax

  from lsl_jax import training

  executor, state, streams = case
  first = next(iter(streams.values()))
  batches = {name: stream.batches(0) for name, stream in streams.items()}
  batch = executor.put_batch(next(batches[next(iter(streams))]))
  placed = executor.put_state(state)
  key = executor.put_state(jax.random.key(0))
  costs: Costs = {}
  waits = []

  def take(source):
    for _ in range(steps):
      jax.block_until_ready(next(source))

  def updates():
    nonlocal placed
    for _ in range(steps):
      placed, _ = executor.run(placed, batch, key)
    jax.block_until_ready(placed)

  def loop():
    times, reports = [], []

    def on_metrics(step, scalars):
      del step
      times.append((time.perf_counter(), time.process_time()))
      reports.append(scalars)

    training.fit(
        executor,
        state,
        lambda step: opened.append(first.batches(step)) or opened[-1],
        key=jax.random.key(0),
        num_steps=2 * steps,  # the first half is warming up
        on_metrics=on_metrics,
        log_every=steps,
    )
    waits.append(reports[1]['data_wait'])
    return [end - start for start, end in zip(*times, strict=True)]

  opened: list[Any] = []
  updates()  # compiles
  for _ in range(rounds):
    for name, source in batches.items():
      cost = _time(functools.partial(take, source), steps)
      costs.setdefault(f'stream alone, {name}', []).append(cost)
    costs.setdefault(STEP, []).append(_time(updates, steps))
    costs.setdefault(LOOP, []).append(tuple(s / steps for s in loop()))
    opened.pop().close()
  for source in batches.values():
    source.close()
  return {
      'batch': first.batch_size,
      'steps': steps,
      'seconds': costs,
      'data_wait': waits,
  }


def _time(work: Callable[[], Any], steps: int) -> tuple[float, float]:
  start, busy = time.perf_counter(), time.process_time()
  work()
  now = time.perf_counter(), time.process_time()
  return (now[0] - start) / steps, (now[1] - busy) / steps


def as_markdown(result: dict[str, Any]) -> str:
  """Tables: the best and the median of the rounds."""
  lines = ['# Input pipeline', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  for title, facts in result['measured'].items():
    lines += [
        '',
        f'{title}, batch {facts["batch"]}, rounds of {facts["steps"]} batches:',
        '',
        '| | images a second, best | median | processors, ms a batch, median |',
        '|---|---|---|---|',
    ]
    for name, rounds in facts['seconds'].items():
      clock, busy = zip(*rounds, strict=True)
      lines.append(
          f'| {name} | {facts["batch"] / min(clock):.0f} |'
          f' {facts["batch"] / statistics.median(clock):.0f} |'
          f' {1e3 * statistics.median(busy):.2f} |'
      )
    extra = [
        loop[1] / step[1] - 1
        for loop, step in zip(
            facts['seconds'][LOOP], facts['seconds'][STEP], strict=True
        )
    ]
    waits = facts['data_wait']
    lines += [
        '',
        'Share of the time that the devices waited for data: median'
        f' {100 * statistics.median(waits):.2f} %, at most'
        f' {100 * max(waits):.2f} %. The loop takes'
        f' {100 * statistics.median(extra):.0f} % more of the processors than'
        ' the step alone (median of the rounds).',
    ]
  return '\n'.join([*lines, ''])


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--steps', type=int, default=100)
  parser.add_argument('--rounds', type=int, default=6)
  parser.add_argument('--images', type=int, default=2000, help='JPEG files')
  parser.add_argument('--quick', action='store_true', help='tiny: does it run?')
  parser.add_argument('--output', type=pathlib.Path, default=HERE)
  options = parser.parse_args()
  variant, network, readers = None, 'conv4-64 at 84', None
  if options.quick:
    options.steps, options.rounds, options.images = 2, 2, 64
    variant, network, readers = 'smoke', 'tiny', 1
  runtime.start()
  facts = machine.describe('jax', 'jaxlib', 'flax', 'numpy', 'grain', 'pillow')
  measured = {
      'Letters in memory': measure(
          letters.make(variant), options.steps, options.rounds
      ),
      'JPEG files of 96 x 96 pixels': measure(
          photographs.make(options.images, networks.NETWORKS[network], readers),
          max(2, options.steps // 4),
          options.rounds,
      ),
  }
  result = {'machine': facts, 'measured': measured}
  machine.write(options.output, 'input_pipeline', result, as_markdown(result))


if __name__ == '__main__':
  allocator.restart()
  main()
