"""Several orthogonal heads on the same features."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models, representation, types

KEY = jax.random.key(0)


@pytest.fixture
def network():
  return models.build(
      {
          'backbone': 'conv4',
          'options': {'width': 3, 'depth': 1},
          'num_classes': 4,
          'head': 'multiverse',
          'copies': 3,
      }
  )


@pytest.fixture
def batch():
  images = jax.random.normal(KEY, (6, 8, 8, 3))
  return types.Batch(images, jnp.arange(6) % 4)


def _oracle(embeddings, weights, labels, weight):
  """Mean cross-entropy of all heads, and overlaps of rows of one class."""
  x, w = np.asarray(embeddings, np.float64), np.asarray(weights, np.float64)
  entropies = []
  for head in w:
    for row, label in zip(x, labels, strict=True):
      scores = [row @ each for each in head]
      entropies.append(np.log(sum(np.exp(scores))) - scores[label])
  overlaps = []
  for c in range(w.shape[1]):
    pairs = [(r, s) for r in range(len(w)) for s in range(r + 1, len(w))]
    overlaps.append(sum(abs(w[r, c] @ w[s, c]) for r, s in pairs))
  return np.mean(entropies) + weight * np.mean(overlaps)


def test_the_loss_is_that_of_all_heads(network, batch):
  multiverse = representation.multiverse(network, weight=0.3)
  variables = multiverse.init(KEY, batch.images)
  head = variables['params']['classifier']
  assert head['templates'].shape == (4, 3) and head['others'].shape == (2, 4, 3)
  # As in a training step: batch normalisation sees the batch.
  state = {'batch_stats': variables['batch_stats']}
  value, (_, metrics) = multiverse.loss(variables['params'], state, batch, KEY)
  outputs, _ = network.apply(
      variables, batch.images, train=True, mutable=['batch_stats']
  )
  weights = jnp.concatenate([head['templates'][None], head['others']])
  expected = _oracle(outputs['embedding'], weights, batch.labels, 0.3)
  np.testing.assert_allclose(value, expected, rtol=1e-5)
  np.testing.assert_allclose(
      value, metrics['cross_entropy'] + 0.3 * metrics['penalty'], rtol=1e-6
  )
  np.testing.assert_allclose(
      multiverse.logits(variables, batch.images),
      multiverse.embed(variables, batch.images)['embedding']
      @ head['templates'].T,
      rtol=1e-5,
  )


def test_training_makes_heads_orthogonal_and_right(network, batch):
  multiverse = representation.multiverse(network, weight=1.0)
  variables = multiverse.init(KEY, batch.images)
  params, state = variables['params'], {'batch_stats': variables['batch_stats']}
  step = jax.jit(jax.value_and_grad(multiverse.loss, has_aux=True))
  first = None
  for _ in range(80):
    (_, (state, metrics)), slopes = step(params, state, batch, KEY)
    first = first or metrics
    params = jax.tree.map(lambda p, g: p - 0.1 * g, params, slopes)
  assert metrics['penalty'] < 0.5 * first['penalty']
  assert metrics['cross_entropy'] < first['cross_entropy']


def test_a_negative_weight_is_refused(network):
  with pytest.raises(ValueError, match=r'weight from 0, not -1\.0'):
    representation.multiverse(network, weight=-1.0)
