"""Mining analogies: time against the product of difference vectors.

  python experiments/benchmarks/analogies.py

20 classes x 100 centroids x 512-D, for each ordered pair of centroids the best
of all other classes. The plain way divides all ordered differences by their
lengths and multiplies those of two classes, 10,000 x 512 by 512 x 10,000, with
a maximum over rows; it is timed on some rows and scaled up, in whichever of
JAX, NumPy and PyTorch (where it is installed) is the fastest. Cost is measured
over classes, centroids and dimensions, and extrapolated to ImageNet's 389
base classes; memory is planned and compiled for those and for more centroids.
Writes analogies.json and analogies.md into --output.
"""

import argparse
import os
import pathlib

import analogy_memory  # pyrefly: ignore[missing-import]
import jax
import jax.numpy as jnp
import machine  # pyrefly: ignore[missing-import]
import numpy as np

from lsl_jax import ops

CLASSES, CENTROIDS, FEATURES = 20, 100, 512
IMAGENET_CLASSES = 389
# One of the three is changed at a time.
SIZES = (
    (5, 100, 512),
    (10, 100, 512),
    (20, 100, 512),
    (30, 100, 512),
    (20, 50, 512),
    (20, 70, 512),
    (20, 100, 128),
    (20, 100, 2048),
)


def make_centroids(classes: int, count: int, features: int) -> np.ndarray:
  """Non-negative, as behind a ReLU."""
  rng = np.random.default_rng(0)
  centroids = rng.normal(size=(classes, count, features)).astype(np.float32)
  return np.maximum(centroids, 0)


def directions(rows: np.ndarray) -> np.ndarray:
  """All ordered differences of a class's centroids, of length one."""
  differences = (rows[:, None] - rows[None]).reshape(-1, rows.shape[1])
  lengths = np.linalg.norm(differences, axis=1, keepdims=True)
  return differences / (lengths + 1e-5)


def plain_ways(rows: int):
  """The plain way for some rows of one pair of classes, by library."""
  own, other = make_centroids(2, CENTROIDS, FEATURES)
  own, other = directions(own)[:rows], directions(other)

  @jax.jit
  def in_jax(own, other):
    dots = own @ other.T
    return jnp.max(dots, 1), jnp.argmax(dots, 1)

  def in_numpy(own, other):
    dots = own @ other.T
    return dots.max(1), dots.argmax(1)

  on_device = jax.device_put((own, other))
  ways = {
      'JAX': lambda: in_jax(*on_device),
      'NumPy': lambda: in_numpy(own, other),
  }
  try:
    import torch  # pyrefly: ignore[missing-import]
  except ModuleNotFoundError as error:
    if error.name != 'torch':
      raise
    print('PyTorch is not installed: no comparison.')
    return ways
  tensors = [torch.from_numpy(x) for x in (own, other)]
  if torch.cuda.is_available():
    tensors = [x.cuda() for x in tensors]

  def in_torch(own, other):
    values, places = (own @ other.T).max(1)
    return values.cpu(), places.cpu()

  return {**ways, 'PyTorch': lambda: in_torch(*tensors)}


def run(
    rows: int, rounds: int, tile: int, sizes=SIZES, large=analogy_memory.SIZES
) -> dict:
  """Alternates between all that is compared, so that noise hits all alike."""
  facts = machine.describe('jax', 'jaxlib', 'numpy', 'torch')
  facts['device'] = jax.devices()[0].device_kind
  main = (CLASSES, CENTROIDS, FEATURES)
  main = main if main in sizes else sizes[-1]
  ways = plain_ways(rows)
  scale = CLASSES * (CLASSES - 1) * CENTROIDS**2 / rows
  tasks = {size: jax.device_put(make_centroids(*size)) for size in sizes}

  def mine(size):
    return ops.mine_analogies(tasks[size], tile=tile)

  first = {size: machine.timed(mine, size)[0] for size in sizes}
  for way in ways.values():
    machine.timed(way)
  plain: dict[str, list] = {name: [] for name in ways}
  mined: dict[tuple, list] = {size: [] for size in sizes}
  for _ in range(rounds):
    for name, way in ways.items():
      plain[name].append([scale * part for part in machine.timed(way)])
    for size in sizes:
      mined[size].append(machine.timed(mine, size))
  check()
  return {
      'machine': facts,
      'tile': tile,
      'main': main,
      'rows that the plain way is timed on': rows,
      'plain: seconds by the clock and of processors': plain,
      'mining': [
          {
              'classes x centroids x dimensions': size,
              'first call, s': first[size],
              'seconds by the clock and of processors': mined[size],
          }
          for size in sizes
      ],
      'memory': [analogy_memory.measure(size, tile) for size in large],
  }


def check():
  """The plain way finds the same cosines, on fewer centroids."""
  centroids = make_centroids(3, 20, FEATURES)
  found = ops.mine_analogies(centroids)
  own, *others = (directions(rows) for rows in centroids)
  best = np.max([(own @ other.T).max(1) for other in others], 0)
  best = best.reshape(20, 20)[~np.eye(20, dtype=bool)]
  np.testing.assert_allclose(found.cosine[: len(best)], best, atol=1e-5)


def as_markdown(result: dict) -> str:
  """The result as tables, fastest of the rounds and median."""
  main = tuple(result['main'])
  name = 'seconds by the clock and of processors'
  mined = {
      tuple(row['classes x centroids x dimensions']): np.array(row[name])
      for row in result['mining']
  }
  ours = mined[main].min(0)
  lines = ['# Mining analogies: time against the plain product', '']
  lines += [f'- {key}: {text}' for key, text in result['machine'].items()]
  lines += [
      f'- tile: {result["tile"]} pairs; the plain way is timed on'
      f' {result["rows that the plain way is timed on"]} of {CENTROIDS**2}'
      ' rows of one pair of classes and scaled up',
      '',
      f'{main[0]} classes x {main[1]} centroids x {main[2]} dimensions:',
      '',
      '| program | fastest, s | median, s | processors, s | times lsl_jax, by'
      ' the clock | by processors |',
      '|---|---|---|---|---|---|',
  ]
  rows = {'lsl_jax': mined[main]}
  for library, values in result[f'plain: {name}'].items():
    rows[f'plain, {library}'] = np.array(values)
  for program, values in rows.items():
    clock, busy = values.min(0)
    lines.append(
        f'| {program} | {clock:.2f} | {np.median(values, 0)[0]:.2f} |'
        f' {busy:.2f} | {clock / ours[0]:.1f} | {busy / ours[1]:.1f} |'
    )
  lines += [
      '',
      '| classes | centroids | dimensions | first call, s | fastest, s |'
      ' processors, s | comparisons, G/s |',
      '|---|---|---|---|---|---|---|',
  ]
  for row in result['mining']:
    size = tuple(row['classes x centroids x dimensions'])
    clock, busy = mined[size].min(0)
    # Unordered pairs against unordered pairs, for each ordered pair of classes.
    work = size[0] * (size[0] - 1) * (size[1] * (size[1] - 1) / 2) ** 2
    lines.append(
        f'| {size[0]} | {size[1]} | {size[2]} | {row["first call, s"]:.2f} |'
        f' {clock:.2f} | {busy:.2f} | {work / clock / 1e9:.1f} |'
    )
  if len(mined) == len(SIZES):
    lines += ['', *extrapolate(mined)]
  lines += ['', *analogy_memory.as_markdown(result['memory']), '']
  return '\n'.join(lines)


def extrapolate(mined: dict) -> list[str]:
  """Time of all of ImageNet's base classes, by the pairs of classes."""
  at = sorted(s for s in mined if s[1:] == (CENTROIDS, FEATURES))
  pairs = np.array([c * (c - 1) for c, *_ in at], float)
  seconds = np.array([mined[s].min(0)[0] for s in at])
  # Relative errors count alike, as noise grows with the time.
  design = np.stack([pairs, [c for c, *_ in at]], 1) / seconds[:, None]
  a_pair, a_class = np.linalg.lstsq(design, np.ones(len(at)), rcond=None)[0]
  all_classes = IMAGENET_CLASSES
  total = a_pair * all_classes * (all_classes - 1) + a_class * all_classes
  return [
      f'{1e3 * a_pair:.2f} ms a pair of classes and {1e3 * a_class:.1f} ms a'
      f' class, fitted to {len(at)} numbers of classes: {all_classes} classes'
      f' would take {total / 60:.1f} minutes ({os.cpu_count()} cores).'
  ]


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--rows', type=int, default=500)
  parser.add_argument('--rounds', type=int, default=3)
  parser.add_argument('--quick', action='store_true', help='try it, tiny')
  parser.add_argument('--tile', type=int, default=1000)
  parser.add_argument(
      '--output',
      type=pathlib.Path,
      default=pathlib.Path(__file__).parent,
      help='folder of analogies.json and analogies.md',
  )
  options = parser.parse_args()
  if options.quick:
    sizes = (2, 8, 16), (3, 8, 16)
    result = run(2, 1, options.tile, sizes, sizes)
  else:
    result = run(options.rows, options.rounds, options.tile)
  machine.write(options.output, 'analogies', result, as_markdown(result))


if __name__ == '__main__':
  main()
