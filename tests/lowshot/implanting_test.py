"""Training implants against loops in float64: loss, steps, and many tasks."""

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


@pytest.mark.parametrize('support', ['gap', 'gmp'])
@pytest.mark.parametrize('query', ['gap', 'gmp', 'dense'])
def test_the_gradient_passes_through_queries_and_prototypes(
    rng, support, query
):
  maps = rng.normal(size=(5, 1, 2, 3)).astype('f')
  slope = jax.grad(implanting.leave_one_out_loss)(
      maps, LABELS, 2, support=support, query=query, scale=7.0
  )
  # Central differences of the loops, one value at a time.
  expected = np.zeros(maps.shape)
  for place in np.ndindex(maps.shape):
    sides = []
    for step in (1e-5, -1e-5):
      moved = maps.astype(np.float64)
      moved[place] += step
      sides.append(loss_by_loops(moved, LABELS, support, query, 7.0))
    expected[place] = (sides[0] - sides[1]) / 2e-5
  np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-4)


@functools.cache
def learner(**options):
  return lowshot.implant(stream=lowshot.Stream(channels=2), epochs=6, **options)


def separable(make_taps):
  """Taps whose first channel tells the classes apart, but the map does not."""
  taps = make_taps(5)
  for name in taps:
    if name != 'map':
      taps[name][..., 0] += 3.0 * (2 * LABELS - 1)[:, None, None]
  return taps


def test_training_is_adamw_on_the_whole_support_set(make_taps):
  taps = separable(make_taps)
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
def test_tasks_side_by_side_are_as_one_by_one(make_taps, test_query):
  tasks = [separable(make_taps), separable(make_taps)]
  queries = make_taps(3)
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


def test_one_shot_is_refused_with_the_reason(make_taps):
  taps = {name: tap[:2] for name, tap in make_taps(2).items()}
  with pytest.raises(ValueError, match=r'leave-one-out.*no 1-shot'):
    learner().fit(KEY, NONE, types.Support(taps, jnp.array([0, 1]), 2))


def test_base_classes_are_refused_with_the_reason(make_taps):
  support = types.Support(make_taps(5), jnp.asarray(LABELS), 2)
  with pytest.raises(ValueError, match='no implanted features'):
    learner().fit(KEY, types.Base(jnp.ones((3, 4))), support)


def test_the_loss_is_finite_where_features_vanish():
  loss = jax.value_and_grad(implanting.leave_one_out_loss)
  value, slope = jax.jit(loss, static_argnums=2)(
      jnp.zeros((4, 2, 2, 3)), jnp.array([0, 0, 1, 1]), 2
  )
  assert np.isfinite(value)
  assert np.isfinite(slope).all()
