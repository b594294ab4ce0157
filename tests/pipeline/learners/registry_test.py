"""Representations as a config names them."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import representation, types
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.settings import defaults

PENALTIES = [f'softmax_{name}' for name in representation.REGULARISERS]


@pytest.fixture
def config():
  """Four-layer network of one channel, a linear head on pooled features."""
  config = defaults.defaults()
  config.model.options.width = 1
  config.model.embedding = None
  config.model.head = 'linear'
  return config


def _loss(config):
  """Metrics of one batch."""
  made = registry.make_representation(config, 3, None)
  images = jax.random.normal(jax.random.key(0), (4, 16, 16, 3))
  batch = types.Batch(images, jnp.arange(4) % 3)
  variables = jax.jit(made.init)(jax.random.key(1), images)
  state = {'batch_stats': variables['batch_stats']}
  loss = jax.jit(made.loss)
  return loss(variables['params'], state, batch, jax.random.key(2))[1][1]


@pytest.mark.parametrize('name', ['softmax_sgm', 'softmax_l1'])
def test_the_penalty_has_the_configs_weight(config, name):
  config.representation.name = name
  config.representation.weight = 5
  metrics = _loss(config)
  assert metrics['penalty'] > 1e-3
  np.testing.assert_allclose(
      metrics['loss'],
      metrics['cross_entropy'] + 5 * metrics['penalty'],
      rtol=1e-5,
  )


def test_the_same_config_makes_the_same_functions_and_another_others(config):
  make = lambda: registry.make_representation(config, 3, None)
  config.representation.name = 'softmax_sgm'
  first = make()
  assert make() is first
  config.representation.weight = 0.5
  assert make() is not first


@pytest.mark.parametrize('name', PENALTIES)
@pytest.mark.parametrize(
    ('changes', 'expected'),
    [
        ({'head': 'cosine'}, "model.head must be 'linear'"),
        ({'use_bias': True}, 'model.use_bias must be False'),
        ({'embedding': 8}, 'model.embedding must be None, or model.normalise'),
        (
            {'head': 'cosine', 'embedding': 8},
            "head must be 'linear'; model.embedding must be None",
        ),
    ],
)
def test_a_network_that_does_not_suit_a_penalty_is_refused(
    config, name, changes, expected
):
  config.representation.name = name
  config.model.update(changes)
  with pytest.raises(ValueError, match=f"'{name}': .*{re.escape(expected)}"):
    registry.make_representation(config, 3, None)


def test_an_embedding_that_is_not_normalised_may_be_penalised(config):
  config.representation.name = 'softmax_l2'
  config.model.update({'embedding': 8, 'normalise': False})
  assert registry.make_representation(config, 3, None)


def test_a_weight_below_zero_is_refused(config):
  config.representation.name = 'softmax_decov'
  config.representation.weight = -1.0
  with pytest.raises(ValueError, match=r'weight from 0 on, not -1\.0'):
    registry.make_representation(config, 3, None)
