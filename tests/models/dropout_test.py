"""Dropout between the embedding and its classifier."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.models import network

SPEC = {
    'backbone': 'conv4',
    'options': {'width': 256, 'depth': 1},
    'num_classes': 3,
    'head': 'linear',
    'dropout': 0.25,
}
IMAGES = jnp.abs(jax.random.normal(jax.random.key(0), (2, 4, 4, 3)))


def test_the_classifier_alone_sees_dropped_features_and_in_training_alone():
  net = network.build(SPEC)
  variables = jax.jit(net.init, static_argnames='train')(
      jax.random.key(1), IMAGES, train=False
  )
  rows = variables['params']['classifier']['templates']

  def train(seed):
    outputs, _ = net.apply(
        variables,
        IMAGES,
        train=True,
        mutable=['batch_stats'],
        rngs={'dropout': jax.random.key(seed)},
    )
    return outputs

  one, other = train(0), train(1)
  np.testing.assert_array_equal(one['embedding'], other['embedding'])
  assert jnp.max(jnp.abs(one['logits'] - other['logits'])) > 1e-4
  tested = net.apply(variables, IMAGES, train=False)
  np.testing.assert_allclose(
      tested['logits'], tested['embedding'] @ rows.T, rtol=1e-4, atol=1e-5
  )
  # On average over many draws they are those of the whole embedding.
  many = jnp.stack([train(seed)['logits'] for seed in range(200)])
  whole = one['embedding'] @ rows.T
  spread = jnp.std(many, axis=0) / 200**0.5
  assert jnp.all(jnp.abs(jnp.mean(many, axis=0) - whole) < 5 * spread)


@pytest.mark.parametrize('share', [-0.1, 1.0])
def test_a_share_outside_of_its_range_is_refused(share):
  with pytest.raises(ValueError, match=r'dropout must be in \[0, 1\)'):
    network.build({**SPEC, 'dropout': share})
