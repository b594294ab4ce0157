"""The triplet representation, on one device and on several."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import representation, types

KEY = jax.random.key(1)


def _oracle(embeddings, labels, margin):
  """Batch-hard positives and semi-hard negatives, one anchor at a time."""
  x = np.asarray(embeddings, np.float64)
  losses = []
  for i in range(len(x)):
    distances = [np.sqrt(np.sum((x[i] - other) ** 2)) for other in x]
    own = [
        d for j, d in enumerate(distances) if labels[j] == labels[i] and j != i
    ]
    others = [d for j, d in enumerate(distances) if labels[j] != labels[i]]
    if not own or not others:
      continue
    beyond = [d for d in others if d > max(own)]
    negative = min(beyond) if beyond else max(others)
    losses.append(max(max(own) - negative + margin, 0))
  return np.mean(losses)


def test_the_loss_is_that_of_the_mined_triplets(
    tiny_network, batch, initialise
):
  triplet = representation.triplet(tiny_network(norm=False), margin=0.5)
  params, state = initialise(triplet)
  value, (_, metrics) = triplet.loss(params, state, batch, KEY)
  embeddings = triplet.embed({'params': params}, batch.images)['embedding']
  expected = _oracle(embeddings, np.asarray(batch.labels), 0.5)
  assert expected > 0.1
  np.testing.assert_allclose(value, expected, rtol=1e-5)
  assert metrics['loss'] == value
  np.testing.assert_allclose(metrics['length'], 1, rtol=1e-5)
  assert 0 < metrics['active'] <= 1


def test_devices_that_average_gradients_take_the_global_batchs_step(
    tiny_network, batch, initialise
):
  # Neither of two devices sees all positives of an anchor alone.
  alone = representation.triplet(tiny_network(), margin=0.5)
  params, state = initialise(alone)
  (value, _), slopes = jax.jit(jax.value_and_grad(alone.loss, has_aux=True))(
      params, state, batch, KEY
  )
  among = representation.triplet(
      tiny_network(axis_name='data'), margin=0.5, axis_name='data'
  )

  def averaged(batch):
    results = jax.value_and_grad(among.loss, has_aux=True)(
        params, state, batch, KEY
    )
    return jax.lax.pmean(results, 'data')

  parts = jax.tree.map(lambda x: x.reshape(2, -1, *x.shape[1:]), batch)
  (values, _), gathered = jax.block_until_ready(
      jax.pmap(averaged, axis_name='data', devices=jax.devices()[:2])(parts)
  )
  np.testing.assert_allclose(values, jnp.full(2, value), rtol=1e-5)
  assert jnp.max(jnp.abs(slopes['backbone']['kernel'])) > 1e-3
  jax.tree.map(
      lambda got, expected: np.testing.assert_allclose(
          got[0], expected, atol=1e-5
      ),
      gathered,
      slopes,
  )


def test_a_batch_without_pairs_has_a_finite_gradient(
    tiny_network, batch, initialise
):
  triplet = representation.triplet(tiny_network(), margin=0.5)
  params, state = initialise(triplet)
  lonely = types.Batch(batch.images, jnp.arange(8))
  slopes, (_, metrics) = jax.jit(jax.grad(triplet.loss, has_aux=True))(
      params, state, lonely, KEY
  )
  assert metrics['loss'] == 0
  assert all((leaf == 0).all() for leaf in jax.tree.leaves(slopes))


def test_other_negatives_are_refused(tiny_network, batch, initialise):
  triplet = representation.triplet(tiny_network(), margin=1.0, negatives='easy')
  with pytest.raises(ValueError, match='semi_hard, hardest'):
    triplet.loss(*initialise(triplet), batch, KEY)
