import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lsl_jax import training
from lsl_jax.training import optimizer
from lsl_jax.training import step as step_lib


def _quadratic(params, model_state, batch, key):
  """Half the squared distance of w to the mean of the batch, plus noise."""
  noise = jax.random.normal(key)
  residual = params['w'] - jnp.mean(batch)
  return 0.5 * residual**2, (model_state, {'noise': noise})


def _run(batch, *, rate=0.5, axis_name=None, w=3.0, start=0):
  recipe = {'name': 'sgd', 'learning_rate': rate}
  update = optimizer.make(recipe, steps_per_epoch=1, num_steps=10)
  state = training.TrainState.create({'params': {'w': jnp.float32(w)}}, update)
  state = state.replace(step=jnp.int32(start))
  step = step_lib.make_step(_quadratic, update, axis_name=axis_name)
  if axis_name:
    step = jax.vmap(step, in_axes=(None, 0, None), axis_name=axis_name)
  return jax.jit(step)(state, batch, jax.random.key(0))


def test_a_step_goes_down_the_gradient_and_tells_how():
  state, metrics = _run(jnp.array([0.0, 2.0]))
  assert state.step == 1
  assert state.params['w'] == 2.0  # 3 - 0.5 * (3 - 1)
  assert metrics['loss'] == 2.0
  assert metrics['gradient_norm'] == 2.0
  assert metrics['learning_rate'] == 0.5
  assert metrics['finite'] == 1.0


def test_over_an_axis_gradients_and_metrics_are_means():
  state, metrics = _run(jnp.array([[0.0], [2.0]]), axis_name='data')
  np.testing.assert_array_equal(state.params['w'], [2.0, 2.0])
  np.testing.assert_array_equal(metrics['loss'], [2.5, 2.5])
  np.testing.assert_array_equal(metrics['gradient_norm'], [2.0, 2.0])


def test_each_step_draws_its_own_noise_from_the_runs_key():
  for start in (0, 7):
    _, metrics = _run(jnp.zeros(2), start=start)
    key = jax.random.fold_in(jax.random.key(0), start)
    assert metrics['noise'] == jax.random.normal(key)


def test_each_device_of_an_axis_draws_its_own_noise():
  seen = []

  def loss(params, model_state, batch, key):
    del batch
    return params['w'], ({'noise': jax.random.normal(key)}, {})

  update = optax.sgd(0.1)
  state = training.TrainState.create(
      {'params': {'w': jnp.float32(1)}, 'noise': jnp.float32(0)}, update
  )
  for size in (1, 2):
    step = step_lib.make_step(loss, update, axis_name='data')
    new, _ = jax.vmap(step, in_axes=(None, 0, None), axis_name='data')(
        state, jnp.zeros(size), jax.random.key(0)
    )
    seen.append(new.model_state['noise'][0])
  assert seen[0] != seen[1]  # the mean of two draws, not the first one twice


def test_counters_in_the_models_state_stay_integers_over_an_axis():
  def loss(params, model_state, batch, key):
    del batch, key
    return params['w'], ({'count': model_state['count'] + 1}, {})

  update = optax.sgd(0.1)
  state = training.TrainState.create(
      {'params': {'w': jnp.float32(1)}, 'count': jnp.int32(4)}, update
  )
  step = step_lib.make_step(loss, update, axis_name='data')
  new, metrics = jax.vmap(step, in_axes=(None, 0, None), axis_name='data')(
      state, jnp.zeros(2), jax.random.key(0)
  )
  assert new.model_state['count'].dtype == jnp.int32
  np.testing.assert_array_equal(new.model_state['count'], [5, 5])
  assert 'learning_rate' not in metrics  # Optax's own optimizers tell none


@pytest.mark.parametrize(
    'settings',
    [
        {'batch': jnp.array([jnp.nan, 0.0])},
        {'batch': jnp.array([jnp.inf, 0.0])},
        # A finite loss whose update overflows: only the new state shows it.
        {'batch': jnp.zeros(2), 'rate': 3e38, 'w': 1e3},
    ],
)
def test_a_step_whose_loss_or_state_is_not_finite_says_so(settings):
  _, metrics = _run(**settings)
  assert metrics['finite'] == 0.0


@pytest.mark.parametrize('name', ['jit', 'pmap'])
def test_what_is_frozen_reaches_the_loss_and_is_not_trained(name):
  def loss(params, model_state, batch, key, weight, shift):
    del key
    value = jnp.mean((params['w'] * batch * weight['factor'] - shift) ** 2)
    return value, (model_state, {})

  update = optax.sgd(0.1)
  mesh = training.sharding.mesh(jax.devices()[:2])
  executor = training.executor.make(name, loss, update, mesh=mesh)
  state = training.TrainState.create({'params': {'w': jnp.float32(1)}}, update)
  frozen = executor.put_state(({'factor': jnp.float32(3)}, jnp.float32(2)))
  after, metrics = executor.run(
      executor.put_state(state),
      executor.put_batch(np.ones(4, np.float32)),
      executor.put_state(jax.random.key(0)),
      *frozen,
  )
  jax.block_until_ready(after)
  # d/dw (3 w - 2)^2 = 6 (3 w - 2) = 6 at w = 1.
  np.testing.assert_allclose(executor.fetch(after).params['w'], 0.4, rtol=1e-5)
  np.testing.assert_allclose(executor.fetch(metrics)['loss'], 1, rtol=1e-5)
