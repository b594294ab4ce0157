"""Softmax with a penalty on features, on one device and on several."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import representation

KEY = jax.random.key(1)
NAMES = pytest.mark.parametrize('name', list(representation.REGULARISERS))


@pytest.fixture
def make(tiny_network):
  """A representation whose features are not normalised, as in the paper."""

  def regularised(name, weight=1.0, axis_name=None, **options):
    return representation.regularised_softmax(
        tiny_network(cosine=False, unit=False, axis_name=axis_name, **options),
        regulariser=name,
        weight=weight,
        axis_name=axis_name,
    )

  return regularised


def _penalty(name, features, logits, labels):
  """In float64, from the definitions, by arrays [B, C, D]."""
  features, logits = np.float64(features), np.float64(logits)
  probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
  residuals = probabilities - np.eye(logits.shape[1])[np.asarray(labels)]
  gradients = residuals[:, :, None] * features[:, None, :]
  covariance = np.cov(features.T, bias=True)
  return {
      'sgm': (gradients**2).sum((1, 2)).mean(),
      'batch_sgm': (gradients.mean(0) ** 2).sum(),
      'l2': (features**2).sum(1).mean(),
      'l1': abs(features).sum(1).mean(),
      'decov': (np.triu(covariance, 1) ** 2).sum(),
  }[name]


@NAMES
def test_the_loss_is_cross_entropy_and_the_weighted_penalty(
    make, batch, initialise, name
):
  regularised = make(name, weight=0.3, norm=False)
  params, state = initialise(regularised)
  value, (_, metrics) = jax.jit(regularised.loss)(params, state, batch, KEY)
  outputs = regularised.embed({'params': params}, batch.images)
  logits = np.float64(outputs['logits'])
  right = logits[np.arange(8), batch.labels]
  cross_entropy = np.mean(np.log(np.exp(logits).sum(1)) - right)
  penalty = _penalty(name, outputs['embedding'], logits, batch.labels)
  assert penalty > 1e-3
  expected = {
      'loss': cross_entropy + 0.3 * penalty,
      'cross_entropy': cross_entropy,
      'penalty': penalty,
      'accuracy': np.mean(logits.argmax(1) == np.asarray(batch.labels)),
  }
  assert metrics.keys() == expected.keys()
  for key, number in expected.items():
    np.testing.assert_allclose(metrics[key], number, rtol=1e-4, err_msg=key)
  np.testing.assert_array_equal(metrics['loss'], value)


def test_batch_sgm_is_the_squared_gradient_of_the_classifier(
    make, tiny_network, batch, initialise
):
  # Of the network's own parameters, by automatic differentiation.
  softmax = representation.softmax(tiny_network(cosine=False, unit=False))
  regularised = make('batch_sgm')
  params, state = initialise(regularised)
  slopes, _ = jax.jit(jax.grad(softmax.loss, has_aux=True))(
      params, state, batch, KEY
  )
  _, (_, metrics) = jax.jit(regularised.loss)(params, state, batch, KEY)
  np.testing.assert_allclose(
      metrics['penalty'],
      jnp.sum(slopes['classifier']['templates'] ** 2),
      rtol=1e-4,
  )


@NAMES
def test_devices_that_average_gradients_take_the_global_batchs_step(
    make, batch, initialise, name
):
  alone = make(name)
  params, state = initialise(alone)
  (value, (new_state, metrics)), slopes = _gradient(alone)(
      params, state, batch, KEY
  )
  gradient = _gradient(make(name, axis_name='data'))

  def averaged(batch):
    return jax.lax.pmean(gradient(params, state, batch, KEY), 'data')

  parts = jax.tree.map(lambda x: x.reshape(4, -1, *x.shape[1:]), batch)
  got = jax.block_until_ready(
      jax.pmap(averaged, axis_name='data', devices=jax.devices()[:4])(parts)
  )
  assert jnp.max(jnp.abs(slopes['backbone']['kernel'])) > 1e-2
  jax.tree.map(
      lambda ours, theirs: np.testing.assert_allclose(
          ours[0], theirs, rtol=1e-4, atol=1e-5
      ),
      got,
      ((value, (new_state, metrics)), slopes),
  )


def _gradient(regularised):
  return jax.jit(jax.value_and_grad(regularised.loss, has_aux=True))


@NAMES
def test_training_with_the_penalty_ends_with_less_of_it(
    make, batch, initialise, name
):
  penalties = []
  for weight in (0.0, 1.0):
    regularised = make(name, weight=weight)
    params, state = initialise(regularised)
    gradient = _gradient(regularised)
    for _ in range(20):
      (_, (state, metrics)), slopes = gradient(params, state, batch, KEY)
      params = jax.tree.map(lambda p, g: p - 0.05 * g, params, slopes)
    penalties.append(metrics['penalty'])
  assert penalties[1] < 0.9 * penalties[0]


def test_what_cannot_be_trained_is_refused(make):
  with pytest.raises(ValueError, match="'l3'; valid ones: sgm, batch_sgm, l2"):
    make('l3')
  for weight in (-0.1, float('nan')):
    with pytest.raises(ValueError, match='needs a weight from 0 on, not'):
      make('sgm', weight=weight)
