"""AM3's mixture, by loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models


@pytest.mark.parametrize('normalise', [True, False])
def test_prototypes_and_words_are_mixed_by_the_gate(rng, normalise):
  prototypes = rng.normal(size=(2, 3, 4))
  words = rng.normal(size=(2, 3, 5))
  module = models.CrossModalMixture(6, dropout=0.0, normalise=normalise)
  arguments = jnp.float32(prototypes), jnp.float32(words)
  variables = jax.jit(module.init, static_argnames='train')(
      jax.random.key(0), *arguments, train=False
  )
  found = module.apply(
      variables, *arguments, train=True, mutable=['batch_stats']
  )[0]
  params = jax.tree.map(np.float64, variables['params'])

  def layer(name, x):
    x = x @ params[name]['kernel']
    assert ('bias' in params[name]) != normalise
    if not normalise:
      return x + params[name]['bias']
    return (x - x.mean((0, 1))) / np.sqrt(x.var((0, 1)) + 1e-5)

  g = layer('transform2', np.maximum(layer('transform1', words), 0))
  h = layer('gate2', np.maximum(layer('gate1', g), 0))
  gate = 1 / (1 + np.exp(-h))
  assert gate.shape == (2, 3, 1)
  np.testing.assert_allclose(
      found, gate * prototypes + (1 - gate) * g, rtol=1e-3, atol=1e-4
  )


def test_dropout_is_for_training_alone(rng):
  arguments = jnp.float32(rng.normal(size=(3, 4))), jnp.ones((3, 5))
  module = models.CrossModalMixture(6, normalise=False)
  variables = jax.jit(module.init, static_argnames='train')(
      jax.random.key(0), *arguments, train=False
  )
  apply = lambda train, seed: module.apply(
      variables, *arguments, train=train, rngs={'dropout': jax.random.key(seed)}
  )
  np.testing.assert_array_equal(apply(False, 0), apply(False, 1))
  assert (apply(True, 0) != apply(True, 1)).any()
