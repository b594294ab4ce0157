"""Weights determined by a tensor's name, for two frameworks to share."""

import zlib

import numpy as np


def tensor(name, shape):
  """A NumPy array for a name of PyTorch's and a shape, always the same.

  Kernels keep the size of what passes through them; statistics and scales are
  positive and far enough from their initial values to be noticed if lost.
  """
  rng = np.random.default_rng(zlib.crc32(name.encode()))
  if name.endswith('num_batches_tracked'):
    return np.array(7, np.int64)
  if len(shape) > 1:
    values = rng.normal(size=shape) * (2 / np.prod(shape[1:])) ** 0.5
  elif name.endswith('running_var') or name.endswith('.weight'):
    values = rng.uniform(0.5, 1.5, shape)
  else:
    values = rng.normal(size=shape) / 10
  return values.astype(np.float32)


def images(batch=2, size=64):
  """A batch of noise `[B, H, W, 3]`, float32."""
  shape = (batch, size, size, 3)
  return np.random.default_rng(0).normal(size=shape).astype(np.float32)
