"""Implants against loops in float64: architecture, loss, and training."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lsl_jax import lowshot, types
from lsl_jax.lowshot import implanting

KEY = jax.random.key(0)
NONE = types.Base(jnp.zeros((0, 5)))
LABELS = np.array([0, 0, 1, 1, 0])


def unit(x):
  return x / np.sqrt(np.sum(x**2))


def pooled(image, how):
  cells = [cell for row in image for cell in row]
  return sum(cells) / len(cells) if how == 'gap' else np.max(cells, 0)


def loss_by_loops(maps, labels, support, query, scale):
  """Eqs. 11 and 12: every example left out in turn."""
  total = 0.0
  for i, image in enumerate(maps):
    rows = []
    for c in range(max(labels) + 1):
      members = [
          pooled(m, support)
          for j, m in enumerate(maps)
          if j != i and labels[j] == c
      ]
      rows.append(unit(sum(members) / len(members)))
    vectors = [pooled(image, query)]
    if query == 'dense':
      vectors = [cell for row in image for cell in row]
    for vector in vectors:
      z = [scale * row @ unit(vector) for row in rows]
      total += np.log(np.sum(np.exp(z))) - z[labels[i]]
  return total


@pytest.mark.parametrize('support', ['gap', 'gmp'])
@pytest.mark.parametrize('query', ['gap', 'gmp', 'dense'])
def test_the_loss_leaves_every_example_out_in_turn(rng, support, query):
  maps = rng.normal(size=(5, 2, 3, 4)).astype('f')
  measured = implanting.leave_one_out_loss(
      jnp.asarray(maps),
      jnp.asarray(LABELS),
      2,
      support=support,
      query=query,
      scale=7.0,
  )
  expected = loss_by_loops(maps.astype(np.float64), LABELS, support, query, 7.0)
  np.testing.assert_allclose(measured, expected, rtol=1e-5)


def taps_of(rng, images, blocks=1):
  """What a network of small blocks would give: maps halve at every block."""
  taps = {}
  side, depth = 4 * 2 ** (blocks - 1), 3
  for block in range(5 - blocks, 5):
    for layer in (1, 2, 3):
      width = depth if layer == 1 else depth + 1
      taps[f'block{block}_conv{layer}'] = rng.normal(
          size=(images, side, side, width)
      ).astype('f')
    depth, side = depth + 1, side // 2
  taps['map'] = rng.normal(size=(images, side, side, depth)).astype('f')
  return taps


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
    rng, shortcut, normalisation, blocks
):
  stream = lowshot.Stream(
      channels=2,
      blocks=blocks,
      pool=('valid',) * blocks,
      shortcut=shortcut,
      normalisation=normalisation,
  )
  taps = taps_of(rng, 3, blocks)
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


def test_kernels_start_with_the_variance_asked_for(rng):
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


@functools.cache
def learner(**options):
  return lowshot.implant(stream=lowshot.Stream(channels=2), epochs=6, **options)


def separable(rng):
  """Taps whose first channel tells the classes apart, but the map does not."""
  taps = taps_of(rng, 5)
  for name in taps:
    if name != 'map':
      taps[name][..., 0] += 3.0 * (2 * LABELS - 1)[:, None, None]
  return taps


def test_training_is_adamw_on_the_whole_support_set(rng):
  taps = separable(rng)
  stream = lowshot.Stream(channels=2)
  fitted = jax.jit(
      lambda taps: learner(learning_rate=0.01).fit(
          KEY, NONE, types.Support(taps, jnp.asarray(LABELS), 2)
      )
  )(taps)

  @jax.jit
  def slope(params):
    return jax.value_and_grad(
        lambda p: implanting.leave_one_out_loss(
            stream.apply(p, taps)[0], LABELS, 2
        )
    )(params)

  optimizer = optax.adamw(0.01, weight_decay=1e-4)
  params = stream.init(KEY, taps)
  state = optimizer.init(params)
  losses = []
  for _ in range(6):
    value, gradient = slope(params)
    losses.append(value)
    updates, state = optimizer.update(gradient, state, params)
    params = optax.apply_updates(params, updates)
  np.testing.assert_allclose(fitted.losses, losses, rtol=1e-2)
  assert losses[-1] < losses[0]
  jax.tree.map(
      lambda a, b: np.testing.assert_allclose(a, b, atol=1e-3),
      fitted.params,
      params,
  )
  maps = np.asarray(stream.apply(fitted.params, taps)[0])
  expected = [maps.mean((1, 2))[c == LABELS].mean(0) for c in range(2)]
  np.testing.assert_allclose(fitted.prototypes, expected, atol=1e-4)


@pytest.mark.parametrize('test_query', ['gap', 'dense'])
def test_tasks_side_by_side_are_as_one_by_one(rng, test_query):
  tasks = [separable(rng), separable(rng)]
  queries = taps_of(rng, 3)
  keys = jax.random.split(KEY, 2)
  one = learner(test_query=test_query, query='dense')

  @jax.jit
  def logits(key, taps):
    support = types.Support(taps, jnp.asarray(LABELS), 2)
    return one.predict(one.fit(key, NONE, support), queries)

  together = jax.jit(jax.vmap(logits))(
      keys, jax.tree.map(lambda *x: np.stack(x), *tasks)
  )
  for t in range(2):
    np.testing.assert_allclose(
        together[t], logits(keys[t], tasks[t]), atol=1e-3
    )
  assert together.shape == (2, 3, 2)
  assert np.isfinite(together).all()


def test_one_shot_is_refused_with_the_reason(rng):
  taps = {name: tap[:2] for name, tap in taps_of(rng, 2).items()}
  with pytest.raises(ValueError, match=r'leave-one-out.*no 1-shot'):
    learner().fit(KEY, NONE, types.Support(taps, jnp.array([0, 1]), 2))


def test_base_classes_are_refused_with_the_reason(rng):
  support = types.Support(taps_of(rng, 5), jnp.asarray(LABELS), 2)
  with pytest.raises(ValueError, match='no implanted features'):
    learner().fit(KEY, types.Base(jnp.ones((3, 4))), support)


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


def test_the_loss_is_finite_where_features_vanish():
  loss = jax.value_and_grad(implanting.leave_one_out_loss)
  value, slope = jax.jit(loss, static_argnums=2)(
      jnp.zeros((4, 2, 2, 3)), jnp.array([0, 0, 1, 1]), 2
  )
  assert np.isfinite(value)
  assert np.isfinite(slope).all()
