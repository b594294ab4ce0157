"""The stream of implants in float64, with loops, for tests to compare with."""

import numpy as np


def by_loops(stream, params, taps, statistics=None):
  """The widened map of every image, and its statistics; swish, valid pooling.

  Args:
    stream: which of its options are looped over.
    params: as `stream.init` makes them.
    taps: by name, `[B, H, W, F]`.
    statistics: `(mean, variance)` by the layer's name, by which to normalise;
      None takes those of these images.

  Returns:
    `[B, h, w, D + channels]`, and statistics by name.
  """
  swish = lambda x: x / (1 + np.exp(-x))
  found, own = {}, None
  for block, padding in zip(stream.block_names, stream.pool, strict=True):
    entered = own

    def layer_of(name, source, own, block=block):
      reads = taps[f'{block}_{source}'].astype(np.float64)
      if own is not None:
        reads = np.concatenate([reads, own], -1)
      layer, key = params[block][name], f'{block}_{name}'
      y = np.stack([_convolve(x, _joined(layer)) for x in reads])
      if stream.normalisation == 'batch':
        found[key] = y.mean((0, 1, 2)), y.var((0, 1, 2))
        mean, variance = (statistics or found)[key]
        y = (y - mean) / np.sqrt(variance + 1e-3)
        y = y * np.asarray(layer['scale']) + np.asarray(layer['bias'])
      return y

    for name in ('conv1', 'conv2', 'conv3'):
      y = layer_of(name, name, own)
      if name == 'conv3' and stream.shortcut:
        y = y + layer_of('shortcut', 'conv1', entered)
      own = swish(y)
    if padding == 'valid':
      own = np.stack([_pool(x) for x in own])
  return np.concatenate([taps['map'], own], -1), found


def _convolve(x, kernel):
  """One image, zero-padded, one output value at a time."""
  size = kernel.shape[0]
  half = size // 2
  y = np.zeros((*x.shape[:2], kernel.shape[-1]))
  for i in range(x.shape[0]):
    for j in range(x.shape[1]):
      for a in range(size):
        for b in range(size):
          r, c = i + a - half, j + b - half
          if 0 <= r < x.shape[0] and 0 <= c < x.shape[1]:
            y[i, j] += x[r, c] @ kernel[a, b]
  return y


def _joined(layer):
  """The kernel over the concatenation of frozen and own activations."""
  parts = [layer['frozen'], *([layer['own']] if 'own' in layer else [])]
  return np.concatenate([np.asarray(p, np.float64) for p in parts], axis=2)


def _pool(x):
  """Maxima of 2x2 windows, what they do not reach left out."""
  return np.array(
      [
          [
              x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max((0, 1))
              for j in range(x.shape[1] // 2)
          ]
          for i in range(x.shape[0] // 2)
      ]
  )
