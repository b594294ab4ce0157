"""The stream of implants against loops in float64."""

import jax
import numpy as np
import pytest

from lsl_jax import lowshot

KEY = jax.random.key(0)


def convolve(x, kernel):
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


def joined(layer):
  """The kernel over the concatenation of frozen and own activations."""
  parts = [layer['frozen'], *([layer['own']] if 'own' in layer else [])]
  return np.concatenate([np.asarray(p, np.float64) for p in parts], axis=2)


def stream_by_loops(stream, params, taps, normalised):
  """The widened map of every image; activations are swish."""
  swish = lambda x: x / (1 + np.exp(-x))
  images = len(taps['map'])
  own = None
  for block, padding in zip(stream.block_names, stream.pool, strict=True):
    entered = own

    def layer_of(name, source, own, block=block):
      reads = taps[f'{block}_{source}'].astype(np.float64)
      if own is not None:
        reads = np.concatenate([reads, own], -1)
      layer = params[block][name]
      y = np.stack([convolve(x, joined(layer)) for x in reads])
      if normalised:
        mean, variance = y.mean((0, 1, 2)), y.var((0, 1, 2))
        y = (y - mean) / np.sqrt(variance + 1e-3)
        y = y * np.asarray(layer['scale']) + np.asarray(layer['bias'])
      return y

    for name in ('conv1', 'conv2', 'conv3'):
      y = layer_of(name, name, own)
      if name == 'conv3' and stream.shortcut:
        y = y + layer_of('shortcut', 'conv1', entered)
      own = swish(y)
    if padding == 'valid':
      height, width = own.shape[1] // 2, own.shape[2] // 2
      own = np.array(
          [
              [
                  [
                      own[n, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max((0, 1))
                      for j in range(width)
                  ]
                  for i in range(height)
              ]
              for n in range(images)
          ]
      )
  return np.concatenate([taps['map'], own], -1)


@pytest.mark.parametrize(
    ('shortcut', 'normalisation', 'blocks'),
    [(True, 'none', 1), (False, 'batch', 1), (True, 'batch', 2)],
)
def test_the_widened_map_is_that_of_the_description(
    make_taps, shortcut, normalisation, blocks
):
  stream = lowshot.Stream(
      channels=2,
      blocks=blocks,
      pool=('valid',) * blocks,
      shortcut=shortcut,
      normalisation=normalisation,
  )
  taps = make_taps(3, blocks)
  assert set(taps) == set(stream.taps())
  params = stream.init(KEY, taps)
  if normalisation == 'batch':
    params = jax.tree.map(
        lambda leaf: leaf + 0.1 if leaf.ndim == 1 else leaf, params
    )
  measured, statistics = jax.jit(stream.apply)(params, taps)
  expected = stream_by_loops(stream, params, taps, normalisation == 'batch')
  np.testing.assert_allclose(measured, expected, atol=1e-4)
  # Queries are normalised by the support set's statistics, not their own.
  first = {name: tap[:1] for name, tap in taps.items()}
  np.testing.assert_allclose(
      stream.apply(params, first, statistics)[0], expected[:1], atol=1e-4
  )


def test_kernels_start_with_the_variance_asked_for():
  taps = {
      f'block4_conv{layer}': np.zeros((1, 2, 2, 200)) for layer in (1, 2, 3)
  }
  stream = lowshot.Stream(channels=16, init_scale=0.5)
  params = stream.init(KEY, taps)['block4']
  for name, fan_in in (('conv1', 9 * 200), ('conv3', 9 * 216)):
    np.testing.assert_allclose(
        np.std(params[name]['frozen']), 0.5 / fan_in**0.5, rtol=0.02
    )
  assert 'own' not in params['conv1']
  assert params['conv2']['own'].shape == (3, 3, 16, 16)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'activation': 'gelu'}, 'swish, relu, none'),
        ({'normalisation': 'layer'}, 'none, batch'),
        ({'channels': 0}, 'at least one channel'),
        ({'blocks': 2}, '1 poolings for 2 blocks'),
    ],
)
def test_unknown_options_are_refused(options, message):
  with pytest.raises(ValueError, match=message):
    lowshot.Stream(**options)
