"""The Proxy-NCA representation on a tiny network."""

import math

import jax
import numpy as np

from lsl_jax import ops, representation

KEY = jax.random.key(1)


def test_the_templates_are_the_proxies(tiny_network, batch, initialise):
  network = tiny_network(norm=False)
  proxy = representation.proxy_nca(network, scale=3.0)
  params, state = initialise(proxy)
  value, (_, metrics) = proxy.loss(params, state, batch, KEY)
  embeddings = proxy.embed({'params': params}, batch.images)['embedding']
  proxies = np.asarray(ops.unit(params['classifier']['templates']), np.float64)
  costs, right = [], 0
  for x, y in zip(
      np.asarray(embeddings, np.float64), batch.labels, strict=True
  ):
    distances = [3 * sum((x - p) ** 2) for p in proxies]
    others = [math.exp(-d) for c, d in enumerate(distances) if c != y]
    costs.append(distances[y] + math.log(sum(others)))
    right += int(np.argmin(distances)) == y
  np.testing.assert_allclose(value, np.mean(costs), atol=1e-5)
  np.testing.assert_array_equal(metrics['loss'], value)
  np.testing.assert_allclose(metrics['accuracy'], right / 8)


def test_embeddings_and_proxies_learn_and_the_heads_scale_does_not(
    tiny_network, batch, initialise
):
  proxy = representation.proxy_nca(tiny_network())
  params, state = initialise(proxy)
  gradient = jax.jit(jax.grad(proxy.loss, has_aux=True))
  slopes, _ = gradient(params, state, batch, KEY)
  assert slopes['classifier']['scale'] == 0
  assert abs(slopes['classifier']['templates']).max() > 1e-4
  assert abs(slopes['backbone']['kernel']).max() > 1e-4


def test_training_lowers_the_loss(tiny_network, batch, initialise):
  proxy = representation.proxy_nca(tiny_network())
  params, state = initialise(proxy)
  start = proxy.loss(params, state, batch, KEY)[0]
  gradient = jax.jit(jax.grad(proxy.loss, has_aux=True))
  for _ in range(20):
    slopes, (state, metrics) = gradient(params, state, batch, KEY)
    params = jax.tree.map(lambda p, g: p - 0.1 * g, params, slopes)
  assert metrics['loss'] < start - 0.5
