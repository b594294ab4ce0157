"""Wide residual networks of the literature's sizes, and dropout."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models


def _parameters(**options):
  backbone = models.build(
      {
          'backbone': 'wide_resnet',
          'options': options,
          'num_classes': 10,
          'head': 'linear',
          'use_bias': True,
      }
  )
  images = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)
  variables = jax.eval_shape(
      functools.partial(backbone.init, train=False), jax.random.key(0), images
  )
  return sum(leaf.size for leaf in jax.tree.leaves(variables['params']))


@pytest.mark.parametrize(
    ('depth', 'width', 'millions'),
    # Table 4 of Zagoruyko and Komodakis, for ten classes.
    [(28, 10, 36.5), (16, 8, 11.0), (22, 8, 17.2), (40, 4, 8.9)],
)
def test_sizes_are_those_of_the_paper(depth, width, millions):
  count = _parameters(depth=depth, width=width)
  assert abs(count / 1e6 - millions) < 0.06


@pytest.mark.parametrize('depth', [4, 12, 27])
def test_depths_that_make_no_whole_blocks_are_refused(depth):
  with pytest.raises(ValueError, match='6 n \\+ 4'):
    _parameters(depth=depth, width=1)


def test_dropout_acts_between_the_convolutions_in_training_only():
  backbone = models.WideResNet(depth=10, width=1, dropout=0.5)
  images = jax.random.normal(jax.random.key(0), (2, 8, 8, 3))
  variables = jax.jit(backbone.init, static_argnames='train')(
      jax.random.key(1), images, train=False
  )
  run = jax.jit(
      lambda seed: backbone.apply(
          variables,
          images,
          train=True,
          mutable=['batch_stats'],
          rngs={'dropout': jax.random.key(seed)},
      )[0]['pooled']
  )
  np.testing.assert_array_equal(run(0), run(0))
  assert not np.allclose(run(0), run(1))
  # Not in evaluation: no key is asked for.
  backbone.apply(variables, images, train=False)
