"""The softmax representation on a tiny network."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import representation

KEY = jax.random.key(1)


@pytest.mark.parametrize('cosine', [True, False])
def test_the_loss_is_the_mean_cross_entropy(
    tiny_network, batch, initialise, cosine
):
  network = tiny_network(cosine=cosine)
  softmax = representation.softmax(network)
  params, state = initialise(softmax)
  value, (new_state, metrics) = softmax.loss(params, state, batch, KEY)
  outputs, _ = network.apply(
      {'params': params, **state},
      batch.images,
      train=True,
      mutable=['batch_stats'],
  )
  logits = np.asarray(outputs['logits'], np.float64)
  expected = np.mean(
      [
          math.log(sum(math.exp(v) for v in z)) - z[y]
          for z, y in zip(logits, batch.labels, strict=True)
      ]
  )
  np.testing.assert_allclose(value, expected, rtol=1e-5)
  np.testing.assert_array_equal(metrics['loss'], value)
  right = sum(
      int(np.argmax(z)) == y for z, y in zip(logits, batch.labels, strict=True)
  )
  np.testing.assert_allclose(metrics['accuracy'], right / 8)
  assert jax.tree.structure(new_state) == jax.tree.structure(state)
  assert any(
      (old != new).any()
      for old, new in zip(
          jax.tree.leaves(state), jax.tree.leaves(new_state), strict=True
      )
  )


def test_every_parameter_learns_and_the_loss_falls(
    tiny_network, batch, initialise
):
  softmax = representation.softmax(tiny_network())
  params, state = initialise(softmax)
  gradient = jax.jit(jax.grad(softmax.loss, has_aux=True))
  before = softmax.loss(params, state, batch, KEY)[0]
  # Batch normalisation removes the first bias, so it alone has no gradient.
  slopes, _ = gradient(params, state, batch, KEY)
  slopes = {**slopes, 'backbone': slopes['backbone']['kernel']}
  assert all(jnp.max(jnp.abs(leaf)) > 1e-6 for leaf in jax.tree.leaves(slopes))
  for _ in range(20):
    slopes, (state, _) = gradient(params, state, batch, KEY)
    params = jax.tree.map(lambda p, g: p - 0.1 * g, params, slopes)
  assert softmax.loss(params, state, batch, KEY)[0] < before / 2


def test_the_key_feeds_dropout_and_evaluation_needs_none(
    tiny_network, batch, initialise
):
  softmax = representation.softmax(tiny_network(dropout=0.5))
  params, state = initialise(softmax)
  first, again, other = (
      softmax.loss(params, state, batch, jax.random.key(seed))[0]
      for seed in (0, 0, 1)
  )
  assert first == again
  assert first != other
  variables = {'params': params, **state}
  outputs = softmax.embed(variables, batch.images)
  assert {k: v.shape for k, v in outputs.items()} == {
      'map': (8, 2, 2, 6),
      'pooled': (8, 6),
      'embedding': (8, 6),
      'logits': (8, 4),
  }
  np.testing.assert_array_equal(
      softmax.logits(variables, batch.images), outputs['logits']
  )


def test_a_network_without_batch_statistics_has_no_model_state(
    tiny_network, batch, initialise
):
  softmax = representation.softmax(tiny_network(norm=False))
  params, state = initialise(softmax)
  value, (new_state, _) = softmax.loss(params, state, batch, KEY)
  assert np.isfinite(value)
  assert state == {}
  assert new_state == {}


def test_evaluation_does_not_depend_on_the_rest_of_the_batch(
    tiny_network, batch, initialise
):
  softmax = representation.softmax(tiny_network())
  params, state = initialise(softmax)
  variables = {'params': params, **state}
  np.testing.assert_allclose(
      softmax.logits(variables, batch.images[:2]),
      softmax.logits(variables, batch.images)[:2],
      atol=1e-5,
  )
