"""Composition of backbone, embedding and classifier from a description."""

import dataclasses
import types

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
import pytest

from lsl_jax.models import heads, network

SPEC = {
    'backbone': 'conv4',
    'options': {'width': 4, 'depth': 1},
    'num_classes': 5,
    'embedding': 3,
}


def run(net):
  images = jax.random.normal(jax.random.key(1), (2, 16, 16, 3))

  @jax.jit
  def initialise_and_apply():
    variables = jax.jit(net.init, static_argnames='train')(
        jax.random.key(0), images, train=False
    )
    return variables, net.apply(variables, images, train=False)

  return initialise_and_apply()


def test_parameters_and_outputs_have_the_agreed_names():
  variables, outputs = run(network.build(SPEC))
  assert variables['params'].keys() == {'backbone', 'embedding', 'classifier'}
  assert variables['batch_stats'].keys() == {'backbone'}
  assert jax.tree.map(jnp.shape, outputs) == {
      'map': (2, 8, 8, 4),
      'pooled': (2, 4),
      'embedding': (2, 3),
      'logits': (2, 5),
  }
  np.testing.assert_allclose(
      np.linalg.norm(outputs['embedding'], axis=1), 1, rtol=1e-5
  )


def test_without_an_embedding_layer_pooled_features_are_the_embedding():
  variables, outputs = run(
      network.build(SPEC | {'embedding': None, 'head': 'linear'})
  )
  assert variables['params'].keys() == {'backbone', 'classifier'}
  np.testing.assert_array_equal(outputs['embedding'], outputs['pooled'])
  np.testing.assert_allclose(
      outputs['logits'],
      outputs['pooled'] @ variables['params']['classifier']['templates'].T,
      rtol=1e-5,
  )


def test_a_swapped_classifier_changes_logits_only():
  net = network.build(SPEC)
  variables, before = run(net)
  images = jax.random.normal(jax.random.key(1), (2, 16, 16, 3))
  wider = {'templates': jnp.ones((7, 3)), 'scale': jnp.array(1.0)}
  net = net.clone(classifier=heads.CosineClassifier(7))
  params = variables['params'] | {'classifier': wider}
  after = net.apply(variables | {'params': params}, images, train=False)
  assert after['logits'].shape == (2, 7)
  np.testing.assert_allclose(
      after['embedding'], before['embedding'], rtol=1e-5, atol=1e-6
  )


def test_descriptions_of_any_form_make_the_same_network():
  expected = network.build(SPEC)
  for spec in (
      types.SimpleNamespace(**SPEC),
      ml_collections.ConfigDict(SPEC),
      network.Spec(**SPEC),
  ):
    assert network.build(spec) == expected


def test_every_field_reaches_its_part():
  net = network.build(
      SPEC
      | {
          'scale': 2.0,
          'per_class_scale': True,
          'normalise': False,
          'dtype': 'bfloat16',
      },
      axis_name='data',
  )
  assert net.classifier == heads.CosineClassifier(5, 2.0, True)
  assert net.embedding == heads.Embedding(3, normalise=False)
  assert (net.backbone.width, net.backbone.axis_name) == (4, 'data')
  assert net.backbone.dtype == 'bfloat16'
  linear = network.build(SPEC | {'head': 'linear', 'use_bias': True})
  assert linear.classifier == heads.LinearClassifier(5, use_bias=True)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'backbone': 'conv5'}, "unknown backbone 'conv5'; .* conv4, c128f"),
        ({'head': 'cosin'}, "unknown head 'cosin'; valid ones: cosine, linear"),
        ({'dtype': 'float16'}, "unknown dtype 'float16'; .* float32, bfloat16"),
        ({'embeding': 3}, "unknown network key 'embeding'; .* embedding, norm"),
        ({'options': {'depht': 3}}, "'conv4': .*'depht'"),
    ],
)
def test_a_wrong_name_is_answered_with_the_valid_ones(change, message):
  with pytest.raises(ValueError, match=message):
    network.build(SPEC | change)


def test_an_incomplete_description_is_refused():
  with pytest.raises(ValueError, match='lacks backbone, num_classes'):
    network.build({})


def test_all_published_backbones_are_offered():
  assert {
      'conv4',
      'resnet10',
      'resnet18',
      'resnet34',
      'resnet50',
      'inception_v1',
  } <= network.BACKBONES.keys()
  assert dataclasses.is_dataclass(network.Spec)
