"""k-means of many classes in one program against scikit-learn, one by one.

  python experiments/benchmarks/kmeans.py

50 classes x 500 examples x 512 dimensions, 100 centroids a class, 20 steps from
one start each (greedy k-means++ in both). Inertia stands beside time. Writes
kmeans.json and kmeans.md into --output.
"""

import argparse
import pathlib
import time

import jax
import machine  # pyrefly: ignore[missing-import]
import numpy as np
from sklearn import cluster

from lsl_jax import lowshot

STEPS = 20


def make_features(classes: int, examples: int, size: int, seed: int = 0):
  """Around a few centres a class, and not negative, as behind a ReLU."""
  rng = np.random.default_rng(seed)
  centres = rng.normal(size=(classes, 10, size))
  which = rng.integers(0, 10, (classes, examples))
  rows = centres[np.arange(classes)[:, None], which]
  rows = np.maximum(rows + rng.normal(size=rows.shape), 0).astype(np.float32)
  return rows.reshape(-1, size), np.repeat(np.arange(classes), examples)


def inertia(rows, labels, centroids) -> float:
  """Sum of squared distances to the nearest centroid of the own class."""
  total = 0.0
  for own, centres in enumerate(centroids):
    points = rows[labels == own].astype(np.float64)
    products = points @ centres.T.astype(np.float64)
    squares = (points**2).sum(1)[:, None] - 2 * products
    total += (squares + (centres.astype(np.float64) ** 2).sum(1)).min(1).sum()
  return total


def by_lsl_jax(rows, labels, classes, count):
  return lowshot.class_centroids(
      jax.random.key(0),
      rows,
      labels,
      num_classes=classes,
      num_centroids=count,
      iterations=STEPS,
  )


def by_scikit_learn(rows, labels, classes, count):
  found = [
      cluster.KMeans(
          count, n_init=1, max_iter=STEPS, tol=0.0, random_state=own
      ).fit(rows[labels == own])
      for own in range(classes)
  ]
  return np.stack([each.cluster_centers_ for each in found])


def run(classes: int, examples: int, size: int, count: int, rounds: int):
  facts = machine.describe('jax', 'jaxlib', 'scikit-learn')
  rows, labels = make_features(classes, examples, size)
  ways = {'lsl_jax': by_lsl_jax, 'scikit-learn': by_scikit_learn}
  result = {
      'machine': facts,
      'task': (
          f'{classes} classes x {examples} x {size}, {count} centroids,'
          f' {STEPS} steps, {rounds} rounds'
      ),
      'seconds': {name: [] for name in ways},
      'inertia': {},
  }
  start = time.perf_counter()
  by_lsl_jax(rows, labels, classes, count)
  result['first call, s'] = time.perf_counter() - start
  for _ in range(rounds):
    for name, way in ways.items():
      start, busy = time.perf_counter(), time.process_time()
      found = way(rows, labels, classes, count)
      seconds = time.perf_counter() - start, time.process_time() - busy
      result['seconds'][name].append(seconds)
      result['inertia'][name] = inertia(rows, labels, found)
  return result


def as_markdown(result) -> str:
  lines = ['# k-means of many classes', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += [
      f'- task: {result["task"]}',
      '- first call of lsl_jax, with compilation:'
      f' {result["first call, s"]:.1f} s',
      '',
      '| program | fastest, s | processors, s | inertia |',
      '|---|---|---|---|',
  ]
  for name, seconds in result['seconds'].items():
    clock, busy = np.min(seconds, 0)
    lines.append(
        f'| {name} | {clock:.2f} | {busy:.2f} | {result["inertia"][name]:.5g} |'
    )
  return '\n'.join([*lines, ''])


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--rounds', type=int, default=3)
  parser.add_argument('--quick', action='store_true', help='try it, tiny')
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path(__file__).parent
  )
  options = parser.parse_args()
  sizes = (3, 20, 8, 4) if options.quick else (50, 500, 512, 100)
  result = run(*sizes, 1 if options.quick else options.rounds)
  machine.write(options.output, 'kmeans', result, as_markdown(result))


if __name__ == '__main__':
  main()
