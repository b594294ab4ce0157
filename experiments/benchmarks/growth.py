"""How the low-shot phase grows: k-means, logistic learners, generation.

  python experiments/benchmarks/growth.py

One of a task's sizes is changed at a time, all others stay; the fastest of the
rounds counts. Mining has its own table (analogies.py). Writes growth.json and
growth.md into --output.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
import pathlib
from typing import Any

import generation  # pyrefly: ignore[missing-import]
import jax
import kmeans  # pyrefly: ignore[missing-import]
import logistic_grid  # pyrefly: ignore[missing-import]
import machine  # pyrefly: ignore[missing-import]

from lsl_jax import lowshot, types

# Each size's values; the first is what it stays at while others change.
SIZES = {
    'k-means': {
        'classes': (20, 10, 40),
        'examples a class': (500, 250, 1000),
        'centroids': (100, 50, 200),
        'dimensions': (512, 128, 2048),
    },
    'SGD, 50 iterations of 1,000': {
        'classes': (80, 40, 160),
        'examples a class': (200, 100, 400),
        'dimensions': (512, 128, 2048),
        'fits': (4, 2, 8),
    },
    'L-BFGS, 20 steps': {
        'classes': (80, 40, 160),
        'examples a class': (200, 100, 400),
        'dimensions': (512, 128, 2048),
        'fits': (2, 1, 4),
    },
    'generation': {
        'classes': (311, 100, 1000),
        'examples a class': (20, 5, 40),
        'centroids': (100, 50, 200),
        'dimensions': (512, 128, 2048),
    },
}
QUICK = {
    task: {name: (values[0] // 16 + 2,) for name, values in sizes.items()}
    for task, sizes in SIZES.items()
}


def variations(
    sizes: Mapping[str, Sequence[int]],
) -> Iterator[tuple[str, dict[str, int]]]:
  """The task as it is, then with one size changed: what, and all sizes.

  >>> [s for _, s in variations({'a': (1, 2), 'b': (5, 6)})]
  [{'a': 1, 'b': 5}, {'a': 2, 'b': 5}, {'a': 1, 'b': 6}]
  """
  first = {name: values[0] for name, values in sizes.items()}
  yield '', first
  for name, values in sizes.items():
    for value in values[1:]:
      yield name, {**first, name: value}


def _kmeans(sizes) -> Callable[[int], Any]:
  classes = sizes['classes']
  rows, labels = kmeans.make_features(
      classes, sizes['examples a class'], sizes['dimensions']
  )
  return lambda _: kmeans.by_lsl_jax(rows, labels, classes, sizes['centroids'])


def _logistic(sizes, **options) -> Callable[[int], Any]:
  classes = sizes['classes']
  base, supports, labels, _ = logistic_grid.make_task(
      classes - classes // 4,
      classes // 4,
      sizes['examples a class'],
      5,
      sizes['dimensions'],
  )

  @jax.jit
  def fit(keys, decays, base, features):
    def one(key, decay):
      learner = lowshot.logistic(weight_decay=decay, **options)
      support = types.Support(features, labels, classes // 4)
      return learner.fit(key, base, support)

    return jax.vmap(one)(keys, decays)

  decays = jax.numpy.geomspace(1e-4, 1e-2, sizes['fits'])
  keys = lambda number: jax.random.split(jax.random.key(number), len(decays))
  return lambda number: fit(keys(number), decays, base, supports[0])


def _generation(sizes) -> Callable[[int], Any]:
  return generation.caller(
      sizes['classes'],
      sizes['examples a class'],
      389,
      sizes['centroids'],
      sizes['dimensions'],
  )


MAKE = {
    'k-means': _kmeans,
    'SGD, 50 iterations of 1,000': lambda sizes: _logistic(
        sizes, iterations=50, batch_size=1000
    ),
    'L-BFGS, 20 steps': lambda sizes: _logistic(
        sizes, solver='full', iterations=20, tolerance=0.0
    ),
    'generation': _generation,
}


def run(sizes, rounds: int) -> dict[str, Any]:
  """Times every task with every variation of its sizes."""
  rows = []
  facts = machine.describe('jax', 'jaxlib')
  for task, own in sizes.items():
    for changed, values in variations(own):
      call = MAKE[task](values)
      jax.block_until_ready(call(0))
      seconds = [machine.timed(call, number) for number in range(rounds)]
      print(f'{task}, {changed}: {min(seconds)[0]:.3f} s', flush=True)
      rows.append(
          {'task': task, 'changed': changed, 'sizes': values, 's': seconds}
      )
  return {'machine': facts, 'rows': rows}


def as_markdown(result) -> str:
  lines = ['# How the low-shot phase grows', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += ['', '| task | sizes | s | processors, s | times |']
  lines += ['|:--|:--|--:|--:|--:|']
  whole = 1.0
  for row in result['rows']:
    clock, busy = (min(each) for each in zip(*row['s'], strict=True))
    if not row['changed']:
      whole = clock
      told = ', '.join(f'{name} {n:,}' for name, n in row['sizes'].items())
      cells = [f'**{row["task"]}**', told]
    else:
      cells = ['', f'{row["changed"]} {row["sizes"][row["changed"]]:,}']
    cells += [f'{clock:.3f}', f'{busy:.3f}', f'{clock / whole:.2f}']
    lines.append(f'| {" | ".join(cells)} |')
  return '\n'.join([*lines, ''])


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--rounds', type=int, default=2)
  parser.add_argument('--quick', action='store_true', help='try it, tiny')
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path(__file__).parent
  )
  options = parser.parse_args()
  if options.quick:
    result = run(QUICK, 1)
  else:
    result = run(SIZES, options.rounds)
  machine.write(options.output, 'growth', result, as_markdown(result))


if __name__ == '__main__':
  main()
