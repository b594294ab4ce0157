"""The dense representation on a tiny network."""

import math

import jax
import numpy as np
import pytest

from lsl_jax import representation, types

KEY = jax.random.key(1)


@pytest.mark.parametrize('positions', ['sum', 'mean'])
def test_the_loss_is_that_of_every_position(
    tiny_network, batch, initialise, positions
):
  network = tiny_network()
  dense = representation.dense(network, positions=positions)
  params, state = initialise(dense)
  value, (_, metrics) = dense.loss(params, state, batch, KEY)
  maps = np.asarray(
      network.apply(
          {'params': params, **state},
          batch.images,
          train=True,
          mutable=['batch_stats'],
      )[0]['map'],
      np.float64,
  )
  rows = np.asarray(params['classifier']['templates'], np.float64)
  rows /= np.linalg.norm(rows, axis=1, keepdims=True)
  losses, right = [], []
  for image, label in zip(maps, np.asarray(batch.labels), strict=True):
    for i in range(2):
      for j in range(2):
        vector = image[i, j] / np.linalg.norm(image[i, j])
        z = [10 * vector @ row for row in rows]
        losses.append(math.log(sum(math.exp(v) for v in z)) - z[label])
        right.append(np.argmax(z) == label)
  expected = np.mean(losses) * (4 if positions == 'sum' else 1)
  np.testing.assert_allclose(value, expected, rtol=1e-4)
  np.testing.assert_allclose(metrics['dense_accuracy'], np.mean(right))
  assert 0 <= metrics['accuracy'] <= 1


def test_with_one_position_it_trains_like_pooling(
    tiny_network, batch, initialise
):
  # Without a nonlinearity between map and embedding, the loss is the same.
  class Linear(tiny_network):

    def __call__(self, images, *, train):
      outputs = super().__call__(images, train=train)
      return {**outputs, 'map': outputs['embedding'][:, None, None]}

  network = Linear()
  dense, softmax = representation.dense(network), representation.softmax(
      network
  )
  params, state = initialise(dense)
  (one, _), slopes = jax.value_and_grad(dense.loss, has_aux=True)(
      params, state, batch, KEY
  )
  (two, _), expected = jax.value_and_grad(softmax.loss, has_aux=True)(
      params, state, batch, KEY
  )
  np.testing.assert_allclose(one, two, rtol=1e-5)
  jax.tree.map(
      lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5),
      slopes,
      expected,
  )


def test_scale_and_templates_learn(tiny_network, batch, initialise):
  dense = representation.dense(tiny_network(norm=False))
  params, state = initialise(dense)
  step = jax.jit(jax.value_and_grad(dense.loss, has_aux=True))
  first = None
  for _ in range(30):
    (value, _), slopes = step(params, state, types.Batch(*batch), KEY)
    first = first or value
    params = jax.tree.map(lambda p, g: p - 0.05 * g, params, slopes)
  assert value < 0.8 * first
  assert params['classifier']['scale'] != 10
