"""What this machine can do: rates of small kernels, alone and in the cache.

Each kernel does one thing and repeats it inside of one program, so that neither
dispatch nor compilation counts. The floors of other benchmarks are operations
and bytes over these rates.
"""

import functools
import time

import jax
import jax.numpy as jnp
import numpy as np


def best_time(function, *arguments, repeats: int = 5) -> float:
  """Seconds of the fastest of several calls, after one that compiles."""
  jax.block_until_ready(function(*arguments))
  times = []
  for _ in range(repeats):
    start = time.perf_counter()
    jax.block_until_ready(function(*arguments))
    times.append(time.perf_counter() - start)
  return min(times)


def read(numbers: int = 2**26) -> float:
  """Bytes a second at which a large float32 array is summed."""
  array = jnp.ones(numbers)
  return array.nbytes / best_time(jax.jit(jnp.sum), array)


def matmul(rows: int = 3000, inner: int = 512, columns: int = 512) -> float:
  """Floating-point operations a second of a float32 matrix product."""
  left = jnp.ones((rows, inner))
  right = jnp.ones((8, inner, columns))

  @jax.jit
  def run(left, right):
    return jax.lax.map(lambda tile: (left @ tile)[0], right)

  operations = 2 * rows * inner * columns * len(right)
  return operations / best_time(run, left, right)


def gather_add(width: int, rows: int = 512, count: int = 400) -> float:
  """Numbers a second that are fetched from random cached rows and added."""
  table = jnp.ones((rows, width))
  rng = np.random.default_rng(0)
  indices = jnp.asarray(rng.integers(0, rows, (50, count, 10)), jnp.int32)

  @jax.jit
  def run(table, indices):
    def add(total, indices):
      for k in range(indices.shape[1]):
        total = total + table[indices[:, k]]
      return total, None

    return jax.lax.scan(add, jnp.zeros((count, width)), indices)[0]

  return indices.size * width / best_time(run, table, indices)


def compare_count(
    chunk: int = 4, classes: int = 100, width: int = 256
) -> float:
  """Cached numbers a second that are compared, and the outcomes counted."""
  numbers = jax.random.normal(jax.random.key(0), (chunk, classes, width))
  steps = 100

  @jax.jit
  def run(numbers):
    def count(_, own):
      above = (numbers > own).astype(jnp.int16)
      counts = jnp.sum(above, 1, keepdims=True, dtype=jnp.int16)
      return own + 1e-6 * counts

    return jax.lax.fori_loop(0, steps, count, jnp.zeros((chunk, 1, width)))

  return steps * numbers.size / best_time(run, numbers)


def stream(size: int) -> float:
  """Bytes a second, read and written, of adding one to an array."""
  steps = max(2, 2**28 // size)

  @functools.partial(jax.jit, donate_argnums=0)
  def run(numbers):
    return jax.lax.fori_loop(0, steps, lambda _, x: x + 1, numbers)

  times = []
  numbers = jnp.zeros(size // 4)
  for _ in range(6):
    start = time.perf_counter()
    numbers = jax.block_until_ready(run(numbers))
    times.append(time.perf_counter() - start)
  return 2 * size * steps / min(times[1:])


def measure() -> dict[str, float]:
  """All rates, the best of several shapes each."""
  return {
      'matmul': max(matmul(columns=n) for n in (256, 512, 2048)),
      'gather_add': max(gather_add(width) for width in (128, 256, 512)),
      'compare_count': max(compare_count(chunk=n) for n in (1, 4, 16)),
      'cache_stream': stream(2**19),
      'memory_stream': stream(2**28),
  }


if __name__ == '__main__':
  for name, rate in measure().items():
    print(f'{name:14s} {rate / 1e9:8.1f} G/s')
