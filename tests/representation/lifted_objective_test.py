"""The lifted structure representation, on one device and on several."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses, representation, types

KEY = jax.random.key(1)


def test_the_loss_is_that_of_the_batch_of_embeddings(
    tiny_network, batch, initialise
):
  lifted = representation.lifted_structure(tiny_network(norm=False), margin=0.7)
  params, state = initialise(lifted)
  value, (_, metrics) = lifted.loss(params, state, batch, KEY)
  embeddings = lifted.embed({'params': params}, batch.images)['embedding']
  expected = losses.lifted_structure(embeddings, batch.labels, margin=0.7)
  assert expected > 0
  np.testing.assert_allclose(value, expected, rtol=1e-6)
  assert metrics == {'loss': value}


@pytest.mark.parametrize('num_devices', [2, 4])
def test_devices_that_average_gradients_take_the_global_batchs_step(
    tiny_network, batch, initialise, num_devices
):
  # No device holds a pair when there are four, so all pairs are across.
  alone = representation.lifted_structure(tiny_network())
  params, state = initialise(alone)
  (value, (new_state, _)), slopes = jax.jit(
      jax.value_and_grad(alone.loss, has_aux=True)
  )(params, state, batch, KEY)

  among = representation.lifted_structure(
      tiny_network(axis_name='data'), axis_name='data'
  )

  def averaged(batch):
    results = jax.value_and_grad(among.loss, has_aux=True)(
        params, state, batch, KEY
    )
    return jax.lax.pmean(results, 'data')

  parts = jax.tree.map(
      lambda x: x.reshape(num_devices, -1, *x.shape[1:]), batch
  )
  devices = jax.devices()[:num_devices]
  (values, (states, _)), gathered = jax.block_until_ready(
      jax.pmap(averaged, axis_name='data', devices=devices)(parts)
  )
  np.testing.assert_allclose(values, jnp.full(num_devices, value), rtol=1e-5)
  assert jnp.max(jnp.abs(slopes['backbone']['kernel'])) > 1e-2
  compare = lambda got, expected: np.testing.assert_allclose(
      got[0], expected, atol=1e-5
  )
  jax.tree.map(compare, gathered, slopes)
  jax.tree.map(compare, states, new_state)


def test_training_brings_a_class_closer_than_the_others(
    tiny_network, batch, initialise
):
  lifted = representation.lifted_structure(tiny_network())
  params, state = initialise(lifted)
  gradient = jax.jit(jax.grad(lifted.loss, has_aux=True))
  for _ in range(60):
    slopes, (state, metrics) = gradient(params, state, batch, KEY)
    params = jax.tree.map(lambda p, g: p - 0.1 * g, params, slopes)
  start = lifted.loss(*initialise(lifted), batch, KEY)[0]
  assert metrics['loss'] < start / 2
  np.testing.assert_array_equal(slopes['classifier']['templates'], 0)


def test_a_batch_without_pairs_has_a_finite_gradient(
    tiny_network, batch, initialise
):
  lifted = representation.lifted_structure(tiny_network())
  params, state = initialise(lifted)
  lonely = types.Batch(batch.images, jnp.arange(8))
  gradient = jax.jit(jax.grad(lifted.loss, has_aux=True))
  slopes, (_, metrics) = gradient(params, state, lonely, KEY)
  assert metrics['loss'] == 0
  assert all((leaf == 0).all() for leaf in jax.tree.leaves(slopes))
