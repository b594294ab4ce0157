"""Generators: sizes, range, parameters, and what noise does."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models


def _shapes(generator, size=8):
  codes = jax.ShapeDtypeStruct((2, size), jnp.float32)
  variables = jax.eval_shape(
      functools.partial(generator.init, train=False), jax.random.key(0), codes
  )
  images = jax.eval_shape(
      functools.partial(generator.apply, train=False), variables, codes
  )
  return variables, images


@pytest.mark.parametrize(
    ('size', 'ups', 'first'),
    [(32, 3, 4 * 4 * 256), (64, 4, 4 * 4 * 512), (224, 5, 7 * 7 * 1024)],
)
def test_dcgan_doubles_from_a_small_map_to_the_image(size, ups, first):
  variables, images = _shapes(models.ConvolutionalGenerator(size=size))
  assert images.shape == (2, size, size, 3)
  params = variables['params']
  assert params['dense']['kernel'].shape == (8, first)
  kernels = [params[f'up{i}']['kernel'].shape for i in range(1, ups + 1)]
  assert f'up{ups + 1}' not in params
  assert all(shape[:2] == (4, 4) for shape in kernels)
  assert kernels[-1] == (4, 4, 64, 3)
  assert all(a[3] == b[2] for a, b in itertools.pairwise(kernels))


def test_the_generator_for_256_pixels_has_over_100_million_weights():
  # At the authors' width.
  variables, images = _shapes(
      models.ConvolutionalGenerator(size=256, width=128), 128
  )
  assert images.shape == (2, 256, 256, 3)
  count = sum(leaf.size for leaf in jax.tree.leaves(variables['params']))
  assert count > 100e6


def test_the_dense_generator_has_the_layers_of_the_authors_program():
  variables, images = _shapes(models.DenseGenerator(), 612)
  shapes = {
      name: leaf['kernel'].shape for name, leaf in variables['params'].items()
  }
  assert shapes == {
      'dense1': (612, 1024),
      'dense2': (1024, 8192),
      'up1': (4, 4, 128, 64),
      'up2': (4, 4, 64, 3),
  }
  assert images.shape == (2, 32, 32, 3)
  assert set(variables) == {'params'}  # nothing is normalised


@pytest.mark.parametrize('name', models.GENERATORS)
def test_images_lie_between_0_and_1_and_carry_gradients(name):
  generator = models.GENERATORS[name](size=8, width=4)
  codes = 100 * jax.random.normal(jax.random.key(0), (4, 6))
  variables = jax.jit(generator.init, static_argnames='train')(
      jax.random.key(1), codes, train=False
  )
  images, _ = generator.apply(
      variables, codes, train=True, mutable=['batch_stats']
  )
  assert images.shape == (4, 8, 8, 3)
  assert images.min() >= 0
  assert images.max() <= 1
  gradient = jax.grad(
      lambda c: jnp.sum(generator.apply(variables, c, train=False) ** 2)
  )(codes / 100)
  assert np.isfinite(gradient).all()
  assert np.abs(gradient).max() > 0


def test_evaluation_makes_an_image_of_each_code_alone():
  generator = models.ConvolutionalGenerator(size=8, width=4)
  codes = jax.random.normal(jax.random.key(0), (3, 6))
  variables = jax.jit(generator.init, static_argnames='train')(
      jax.random.key(1), codes, train=False
  )
  images = generator.apply(variables, codes, train=False)
  alone = generator.apply(variables, codes[1:2], train=False)
  np.testing.assert_allclose(images[1:2], alone, atol=1e-6)


def test_noise_is_concatenated_and_may_pass_a_layer_first():
  codes, noise = jnp.ones((2, 6)), jnp.ones((2, 3))
  inner = models.DenseGenerator(size=8, width=4, hidden=5)
  for noise_layer in (False, True):
    generator = models.NoisyGenerator(inner, noise_layer)
    variables = jax.jit(generator.init, static_argnames='train')(
        jax.random.key(0), codes, noise, train=False
    )
    params = variables['params']
    assert params['generator']['dense1']['kernel'].shape == (9, 5)
    assert ('noise' in params) == noise_layer
    images = generator.apply(variables, codes, noise, train=False)
    others = generator.apply(variables, codes, -noise, train=False)
    assert not np.allclose(images, others)


@pytest.mark.parametrize(
    ('generator', 'message'),
    [
        (models.ConvolutionalGenerator(size=36), '4, 5, 6 or 7 times'),
        (models.ConvolutionalGenerator(size=4), '4, 5, 6 or 7 times'),
        (models.DenseGenerator(size=30), 'multiple of 4'),
    ],
)
def test_sizes_that_cannot_be_made_are_refused(generator, message):
  with pytest.raises(ValueError, match=message):
    _shapes(generator)
