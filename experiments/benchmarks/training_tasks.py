"""What every program of episodic_training.py starts from."""

import numpy as np

WAY, SHOTS, QUERIES = 5, 5, 15
ROWS = WAY * (SHOTS + QUERIES)
MOMENTUM, RATE = 0.9, 0.01


def images(size: int, tasks: int) -> np.ndarray:
  """Of all tasks, `[tasks * ROWS, size, size, 3]`."""
  rng = np.random.default_rng(0)
  return rng.normal(size=(tasks * ROWS, size, size, 3)).astype('float32')


def kernels(width: int) -> list[np.ndarray]:
  """Of four blocks, `[3, 3, in, width]`, as He et al. start them."""
  rng = np.random.default_rng(1)
  shapes = [(3, 3, channels, width) for channels in (3, *[width] * 3)]
  return [
      (rng.normal(size=s) * (2 / (9 * s[2])) ** 0.5).astype('float32')
      for s in shapes
  ]
