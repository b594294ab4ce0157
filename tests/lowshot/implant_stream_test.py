"""The stream of implants against loops in float64."""

import jax
import numpy as np
import pytest

from lsl_jax import lowshot

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ('shortcut', 'normalisation', 'blocks'),
    [(True, 'none', 1), (False, 'batch', 1), (True, 'batch', 2)],
)
def test_the_widened_map_is_that_of_the_description(
    make_taps, stream_by_loops, shortcut, normalisation, blocks
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
  expected, expected_statistics = stream_by_loops(stream, params, taps)
  np.testing.assert_allclose(measured, expected, atol=1e-4)
  assert set(statistics) == set(expected_statistics)
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
