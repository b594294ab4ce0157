"""Hallucinating up to 20 examples for each of 311 novel classes.

  python experiments/benchmarks/generation.py

One real example a class, 389 base classes x 100 centroids, 512 dimensions, the
paper's generator: time of one call, and examples a second. Writes
generation.json and generation.md into --output.
"""

import argparse
import pathlib
import time

import jax
import jax.numpy as jnp
import machine  # pyrefly: ignore[missing-import]
import numpy as np

from lsl_jax import lowshot, models


def caller(novel: int, per_class: int, base: int, count: int, size: int):
  """Generates once for each number that it is called with."""
  keys = jax.random.split(jax.random.key(0), 3)
  centroids = jnp.abs(jax.random.normal(keys[0], (base, count, size)))
  features = jnp.abs(jax.random.normal(keys[1], (novel, size)))
  module = models.Hallucinator()
  params = module.init(keys[2], *jnp.zeros((3, 1, size)))['params']

  def call(number):
    made = lowshot.hallucinate(
        jax.random.key(number),
        params,
        features,
        jnp.arange(novel),
        centroids,
        num_classes=novel,
        per_class=per_class,
    )
    return jax.block_until_ready(made)

  return call


def run(novel: int, per_class: int, base: int, count: int, size: int, rounds):
  facts = machine.describe('jax', 'jaxlib')
  call = caller(novel, per_class, base, count, size)
  start = time.perf_counter()
  call(0)
  first, seconds = time.perf_counter() - start, []
  for number in range(rounds):
    start, busy = time.perf_counter(), time.process_time()
    call(number)
    seconds.append((time.perf_counter() - start, time.process_time() - busy))
  return {
      'machine': facts,
      'task': f'{novel} classes, {per_class - 1} examples each, {size}-D',
      'examples': novel * (per_class - 1),
      'first call, s': first,
      'seconds': seconds,
  }


def as_markdown(result) -> str:
  clock, busy = np.min(result['seconds'], 0)
  lines = ['# Hallucinating examples', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += [
      f'- task: {result["task"]}',
      f'- first call, with compilation: {result["first call, s"]:.2f} s',
      f'- fastest of {len(result["seconds"])}: {1e3 * clock:.1f} ms by the'
      f' clock, {1e3 * busy:.1f} ms of processors,'
      f' {result["examples"] / clock:,.0f} examples a second',
      '',
  ]
  return '\n'.join(lines)


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--rounds', type=int, default=20)
  parser.add_argument('--quick', action='store_true', help='try it, tiny')
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path(__file__).parent
  )
  options = parser.parse_args()
  sizes = (3, 4, 2, 3, 8) if options.quick else (311, 20, 389, 100, 512)
  result = run(*sizes, options.rounds)
  machine.write(options.output, 'generation', result, as_markdown(result))


if __name__ == '__main__':
  main()
