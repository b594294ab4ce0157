"""The generator against loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models


def test_three_dense_layers_with_relu_on_the_concatenated_triple(rng):
  inputs = rng.normal(size=(3, 5, 4)).astype(np.float32)
  generator = models.Hallucinator(hidden=6)
  params = generator.init(jax.random.key(0), *inputs)['params']
  assert {k: v['kernel'].shape for k, v in params.items()} == {
      'dense1': (12, 6),
      'dense2': (6, 6),
      'dense3': (6, 4),
  }
  expected = []
  for triple in inputs.transpose(1, 0, 2).astype(np.float64):
    x = np.concatenate(triple)
    for layer in params.values():
      kernel, bias = (np.asarray(layer[k], float) for k in ('kernel', 'bias'))
      x = [max(sum(x * w) + b, 0) for w, b in zip(kernel.T, bias, strict=True)]
    expected.append(x)
  generated = generator.apply({'params': params}, *jnp.asarray(inputs))
  np.testing.assert_allclose(generated, expected, atol=1e-6)
  assert (generated == 0).any() and (generated > 0).any()


def test_by_default_it_has_the_papers_width_and_the_frameworks_start():
  shapes = jnp.zeros((3, 1, 8))
  params = models.Hallucinator().init(jax.random.key(0), *shapes)['params']
  for name, inputs, width in [
      ('dense1', 24, 512),
      ('dense2', 512, 512),
      ('dense3', 512, 8),
  ]:
    bound = inputs**-0.5
    kernel, bias = params[name]['kernel'], params[name]['bias']
    assert 0.9 * bound < np.abs(kernel).max() <= bound
    assert 0.5 * bound < np.abs(bias).max() <= bound
    assert bias.shape == (width,)


def test_triples_of_different_shapes_are_refused():
  with pytest.raises(AssertionError, match='shape'):
    models.Hallucinator(4).init(
        jax.random.key(0), jnp.zeros((2, 3)), jnp.zeros((2, 3)), jnp.zeros(3)
    )
