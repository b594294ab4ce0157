"""The cosine objective on a tiny network."""

import jax
import numpy as np
import pytest

from lsl_jax import losses, representation

KEY = jax.random.key(1)


@pytest.mark.parametrize('weight', [0.0, 0.1])
def test_the_loss_is_the_mean_cosine_loss_of_the_logits(
    tiny_network, batch, initialise, weight
):
  network = tiny_network(cosine=False)
  cosine = representation.cosine(network, cross_entropy=weight)
  params, state = initialise(cosine)
  value, (_, metrics) = cosine.loss(params, state, batch, KEY)
  outputs, _ = network.apply(
      {'params': params, **state},
      batch.images,
      train=True,
      mutable=['batch_stats'],
  )
  logits = np.asarray(outputs['logits'], np.float64)
  cosines = [
      z[y] / np.sqrt(sum(v * v for v in z))
      for z, y in zip(logits, batch.labels, strict=True)
  ]
  entropy = np.mean(losses.cross_entropy(outputs['logits'], batch.labels))
  expected = 1 - np.mean(cosines)
  np.testing.assert_allclose(metrics['cosine'], expected, rtol=1e-5)
  np.testing.assert_allclose(value, expected + weight * entropy, rtol=1e-5)


def test_the_loss_falls_and_the_largest_logit_decides(
    tiny_network, batch, initialise
):
  network = tiny_network(cosine=False)
  cosine = representation.cosine(network)
  params, state = initialise(cosine)
  run = jax.jit(jax.value_and_grad(cosine.loss, has_aux=True))
  values = []
  for _ in range(40):
    before = {'params': params, **state}
    (value, (state, metrics)), slopes = run(params, state, batch, KEY)
    params = jax.tree.map(lambda p, g: p - 0.5 * g, params, slopes)
    values.append(float(value))
  assert values[-1] < 0.7 * values[0]
  assert metrics['accuracy'] >= 0.5  # a quarter by chance
  outputs, _ = network.apply(
      before, batch.images, train=True, mutable=['batch_stats']
  )
  decided = np.argmax(outputs['logits'], -1) == np.asarray(batch.labels)
  assert metrics['accuracy'] == pytest.approx(decided.mean())
