"""Dynamic FSL's generator, by loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models


def _unit(x):
  return x / np.linalg.norm(x)


@pytest.mark.parametrize('known', [None, [True, False, True, True]])
def test_weights_are_the_mean_and_what_attention_reads(rng, known):
  support, templates = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
  labels = [0, 1, 0, 1, 1]
  module = models.WeightGenerator(scale=6.0)
  arguments = (
      jnp.float32(support),
      jnp.array(labels),
      2,
      jnp.float32(templates),
      None if known is None else jnp.array(known),
  )
  variables = module.init(jax.random.key(0), *arguments)
  params = {
      name: np.float64(value) + 0.1 * rng.normal(size=value.shape)
      for name, value in variables['params'].items()
  }
  found = module.apply(
      {'params': jax.tree.map(jnp.float32, params)}, *arguments
  )
  for n in range(2):
    own = [_unit(z) for z, y in zip(support, labels, strict=True) if y == n]
    read = []
    for z in own:
      query = _unit(z @ params['query'] + params['query_bias'])
      weights = [
          np.exp(params['scale'] * query @ _unit(key))
          if known is None or known[b]
          else 0.0
          for b, key in enumerate(params['keys'])
      ]
      read.append(
          sum(a * _unit(w) for a, w in zip(weights, templates, strict=True))
          / sum(weights)
      )
    expected = params['average'] * np.mean(own, axis=0)
    expected = expected + params['attended'] * np.mean(read, axis=0)
    np.testing.assert_allclose(found[n], expected, rtol=1e-3, atol=1e-5)


def test_it_starts_as_the_facts_say_and_without_attention_is_the_mean(rng):
  support = jnp.float32(rng.normal(size=(2, 50)))
  arguments = support, jnp.arange(2), 2, jnp.float32(rng.normal(size=(60, 50)))
  full = models.WeightGenerator()
  params = full.init(jax.random.key(0), *arguments)['params']
  np.testing.assert_array_equal(params['average'], 1)
  np.testing.assert_array_equal(params['attended'], 1)
  np.testing.assert_allclose(params['query'], np.eye(50), atol=0.01)
  np.testing.assert_allclose(params['keys'].std(), np.sqrt(2 / 50), rtol=0.1)
  plain = models.WeightGenerator(attention=False)
  found = plain.apply(plain.init(jax.random.key(0), *arguments), *arguments)
  norms = jnp.linalg.norm(support, axis=1, keepdims=True)
  np.testing.assert_allclose(found, support / norms, rtol=1e-5)
