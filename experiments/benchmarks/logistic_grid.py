"""The logistic learner over draws and a grid: one program, or one by one.

  python experiments/benchmarks/logistic_grid.py

5 draws x 12 grid points (2 rates x 6 weight decays) of 60 base classes with 200
examples each and 20 novel ones with 5, 512 dimensions, batches of 1,000: all of
them in one compiled program, against PyTorch (where it is installed) one after
another, which is timed on some and scaled up. Then the solver that converges
against SGD: time and accuracy on other examples. Writes logistic_grid.json and
logistic_grid.md into --output.
"""

import argparse
import itertools
import pathlib
import time

import jax
import jax.numpy as jnp
import logistic_solvers  # pyrefly: ignore[missing-import]
import machine  # pyrefly: ignore[missing-import]
import numpy as np

from lsl_jax import lowshot, types

RATES = (0.1, 1.0)
DECAYS = (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2)
DRAWS = 5


def make_task(base: int, novel: int, each: int, shots: int, size: int):
  """Features around a centre a class, and queries like them."""
  rng = np.random.default_rng(0)
  centres = rng.normal(size=(base + novel, size))

  def rows(labels):
    noise = 4 * rng.normal(size=(*labels.shape, size))
    return np.maximum(centres[labels] + noise, 0).astype(np.float32)

  base_labels = np.repeat(np.arange(base), each)
  novel_labels = np.repeat(np.arange(novel), shots)
  queries = np.repeat(np.arange(base + novel), 20)
  return (
      types.Base(
          jnp.zeros((base, size)),
          jnp.asarray(rows(base_labels)),
          jnp.asarray(base_labels),
      ),
      jnp.asarray(rows(np.tile(base + novel_labels, (DRAWS, 1)))),
      jnp.asarray(novel_labels),
      (jnp.asarray(rows(queries)), jnp.asarray(queries)),
  )


def in_one_program(task, iterations: int, batch: int):
  """All draws and grid points, compiled."""
  base, supports, labels, _ = task
  novel = int(labels.max()) + 1

  @jax.jit
  def program(base, supports, rates, decays):
    def fit(rate, decay, support):
      learner = lowshot.logistic(
          iterations=iterations,
          batch_size=batch,
          learning_rate=rate,
          weight_decay=decay,
      )
      return learner.fit(
          jax.random.key(0), base, types.Support(support, labels, novel)
      )

    over_draws = jax.vmap(fit, (None, None, 0))
    return jax.vmap(over_draws, (0, 0, None))(rates, decays, supports)

  points = jnp.array(list(itertools.product(RATES, DECAYS)))
  rates, decays = points[:, 0], points[:, 1]
  return lambda: jax.block_until_ready(program(base, supports, rates, decays))


def in_torch(task, iterations: int, batch: int):
  """One fit in PyTorch, as one would write it; None where it is missing."""
  try:
    import torch  # pyrefly: ignore[missing-import]
  except ModuleNotFoundError as error:
    if error.name != 'torch':
      raise
    print('PyTorch is not installed: no comparison.')
    return None
  base, supports, labels, _ = task
  stored = torch.from_numpy(np.array(base.features))
  features = torch.cat([stored, torch.from_numpy(np.array(supports[0]))])
  classes = np.concatenate(
      [np.array(base.labels), np.array(labels) + base.num_classes]
  )
  targets = torch.from_numpy(classes).long()
  counts = np.bincount(classes)
  starts = torch.from_numpy(np.cumsum(counts) - counts)
  counts = torch.from_numpy(counts)

  def fit(rate, decay):
    layer = torch.nn.Linear(features.shape[1], len(counts))
    descent = torch.optim.SGD(
        layer.parameters(),
        lr=rate,
        momentum=0.9,
        dampening=0.9,
        weight_decay=decay,
    )
    for _ in range(iterations):
      chosen = torch.randint(len(counts), (batch,))
      place = (torch.rand(batch) * counts[chosen]).long()
      rows = starts[chosen] + place
      loss = torch.nn.functional.cross_entropy(
          layer(features[rows]), targets[rows]
      )
      descent.zero_grad()
      loss.backward()
      descent.step()
    return layer

  return fit


def run(task, iterations: int, batch: int, rounds: int, some: int, ways):
  facts = machine.describe('jax', 'jaxlib', 'torch')
  program = in_one_program(task, iterations, batch)
  start = time.perf_counter()
  program()
  first = time.perf_counter() - start
  fit = in_torch(task, iterations, batch)
  fits = DRAWS * len(RATES) * len(DECAYS)
  seconds: dict[str, list] = {'lsl_jax, one program': []}
  if fit:
    seconds['PyTorch, one after another'] = []
  for _ in range(rounds):
    start, busy = time.perf_counter(), time.process_time()
    program()
    seconds['lsl_jax, one program'].append(
        (time.perf_counter() - start, time.process_time() - busy)
    )
    if fit:
      start, busy = time.perf_counter(), time.process_time()
      for number in range(some):
        fit(RATES[number % 2], DECAYS[number % 6])
      scale = fits / some
      seconds['PyTorch, one after another'].append(
          (
              scale * (time.perf_counter() - start),
              scale * (time.process_time() - busy),
          )
      )
  return {
      'machine': facts,
      'task': (
          f'{DRAWS} draws x {len(RATES) * len(DECAYS)} points x {iterations}'
          f' iterations of {batch}; PyTorch timed on {some} fits'
      ),
      'first call, s': first,
      'seconds': seconds,
      'convergence': logistic_solvers.compare(
          task, iterations, batch, ways, DECAYS
      ),
  }


def as_markdown(result) -> str:
  lines = ['# The logistic learner over draws and a grid', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += [
      f'- task: {result["task"]}',
      f'- first call, with compilation: {result["first call, s"]:.1f} s',
      '',
      '| program | fastest, s | processors, s |',
      '|---|---|---|',
  ]
  for name, values in result['seconds'].items():
    clock, busy = np.min(values, 0)
    lines.append(f'| {name} | {clock:.2f} | {busy:.2f} |')
  lines += logistic_solvers.as_markdown(result['convergence'])
  return '\n'.join([*lines, ''])


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--iterations', type=int, default=100)
  parser.add_argument('--rounds', type=int, default=3)
  parser.add_argument('--quick', action='store_true', help='try it, tiny')
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path(__file__).parent
  )
  options = parser.parse_args()
  if options.quick:
    result = run(
        make_task(3, 2, 5, 2, 8), 2, 10, 1, 1, logistic_solvers.WAYS[::3]
    )
  else:
    task = make_task(60, 20, 200, 5, 512)
    result = run(
        task, options.iterations, 1000, options.rounds, 3, logistic_solvers.WAYS
    )
  machine.write(options.output, 'logistic_grid', result, as_markdown(result))


if __name__ == '__main__':
  main()
