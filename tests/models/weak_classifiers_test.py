"""The small classifiers of generated images and of codes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models


@pytest.mark.parametrize('size', [8, 32])
def test_images_of_any_size_give_logits_and_as_many_parameters(size):
  classifier = models.WeakClassifier(7)
  images = jax.ShapeDtypeStruct((2, size, size, 3), jnp.float32)
  init = lambda key, x: jax.jit(classifier.init, static_argnames='train')(
      key, x, train=False
  )
  variables = jax.eval_shape(init, jax.random.key(0), images)
  count = sum(leaf.size for leaf in jax.tree.leaves(variables['params']))
  assert count == 64 * 9 * (3 + 3 * 64) + 4 * 2 * 64 + 64 * 7 + 7
  apply = lambda v, x: classifier.apply(v, x, train=False)
  assert jax.eval_shape(apply, variables, images).shape == (2, 7)


def test_slopes_before_and_after_the_pooling_act_where_they_should(rng):
  images = jnp.asarray(rng.uniform(-1, 0, size=(2, 8, 8, 3)), jnp.float32)
  make = lambda **slopes: models.WeakClassifier(3, width=4, depth=1, **slopes)
  plain = make(slope=1.0)
  variables = jax.jit(plain.init, static_argnames='train')(
      jax.random.key(0), images, train=False
  )
  run = lambda classifier, x: np.asarray(
      classifier.apply(variables, x, train=False)
  )
  # Without leaks a block is convolution and maximum.
  kernel = np.asarray(variables['params']['block1_conv']['kernel'], np.float64)
  padded = np.pad(
      np.asarray(images, np.float64), ((0, 0), (1, 1), (1, 1), (0, 0))
  )
  convolved = sum(
      padded[:, i : i + 8, j : j + 8] @ kernel[i, j]
      for i in range(3)
      for j in range(3)
  ) / np.sqrt(1 + 1e-5)
  head = variables['params']['logits']

  def expected(slope, pooled_slope):
    leak = lambda x, s: np.where(x > 0, x, s * x)
    x = leak(convolved, slope).reshape(2, 4, 2, 4, 2, 4).max((2, 4))
    # The bias starts at zero.
    return leak(x, pooled_slope).mean((1, 2)) @ np.asarray(head['kernel'])

  for slope, pooled_slope in ((1.0, 1.0), (0.2, 1.0), (1.0, 0.1)):
    classifier = make(slope=slope, pooled_slope=pooled_slope)
    np.testing.assert_allclose(
        run(classifier, images), expected(slope, pooled_slope), atol=1e-5
    )


def test_the_latent_classifier_is_three_dense_layers_with_relu(rng):
  codes = jnp.asarray(rng.normal(size=(4, 6)), jnp.float32)
  classifier = models.LatentClassifier(3, widths=(5, 7))
  variables = jax.jit(classifier.init, static_argnames='train')(
      jax.random.key(0), codes, train=False
  )
  x = np.asarray(codes, np.float64)
  for name in ('dense1', 'dense2', 'logits'):
    layer = variables['params'][name]
    x = x @ np.asarray(layer['kernel'], np.float64) + np.asarray(layer['bias'])
    if name != 'logits':
      x = np.maximum(x, 0)
  np.testing.assert_allclose(
      classifier.apply(variables, codes, train=False), x, atol=1e-5
  )


def test_dropout_is_on_in_training_only(rng):
  codes = jnp.asarray(rng.normal(size=(4, 6)), jnp.float32)
  classifier = models.LatentClassifier(3, dropout=0.4)
  variables = jax.jit(classifier.init, static_argnames='train')(
      jax.random.key(0), codes, train=False
  )
  run = lambda seed: classifier.apply(
      variables, codes, train=True, rngs={'dropout': jax.random.key(seed)}
  )
  assert not np.allclose(run(0), run(1))
