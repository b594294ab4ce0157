"""Penalties of the global batch, on one device and divided among several.

The rule of the house: each device differentiates its own loss, and gradients
are averaged. A penalty that is the same on every device must then come out with
the gradients of one device, neither n times nor an n-th of them.
"""

import functools

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec
import numpy as np
import pytest

from lsl_jax import losses

DEVICES = pytest.mark.parametrize('num_devices', [2, 4, 8])


def _batch_sgm(params, inputs, labels, axis_name):
  features = jnp.tanh(inputs @ params['features'])
  logits = features @ params['classifier'].T
  return losses.batch_sgm(features, logits, labels, axis_name=axis_name)


def _decov(params, inputs, labels, axis_name):
  del labels
  return losses.decov(inputs @ params['features'], axis_name=axis_name)


# C and D: few, so that the sum of gradients is formed, or many, so that inner
# products of examples are.
PENALTIES = pytest.mark.parametrize(
    ('penalty', 'num_classes', 'size'),
    [(_batch_sgm, 4, 5), (_batch_sgm, 40, 50), (_decov, 4, 5)],
    ids=['batch_sgm by weights', 'batch_sgm by pairs', 'decov'],
)


def _example(rng, num_classes, size):
  """Parameters, and a batch whose mean differs between its parts."""
  draw = lambda *shape: jnp.asarray(rng.normal(size=shape), jnp.float32)
  params = {'features': draw(6, size), 'classifier': draw(num_classes, size)}
  inputs = draw(16, 6) + jnp.linspace(-1, 1, 16)[:, None]
  labels = jnp.asarray(rng.integers(0, num_classes, 16), jnp.int32)
  return params, inputs, labels


def _alone(penalty, example):
  """Value and gradients on one device."""
  return _value_and_gradient(penalty, None)(*example)


def _value_and_gradient(penalty, axis_name):
  return jax.jit(
      jax.value_and_grad(functools.partial(penalty, axis_name=axis_name))
  )


def _assert_same(got, expected):
  _, slopes = expected
  assert jnp.max(jnp.abs(slopes['features'])) > 1e-3
  jax.tree.map(
      lambda ours, theirs: np.testing.assert_allclose(
          ours, theirs, rtol=1e-4, atol=1e-5
      ),
      got,
      expected,
  )


@DEVICES
@PENALTIES
def test_averaged_gradients_under_pmap_are_those_of_one_device(
    rng, penalty, num_classes, size, num_devices
):
  params, inputs, labels = example = _example(rng, num_classes, size)

  def averaged(inputs, labels):
    gradient = _value_and_gradient(penalty, 'data')
    value, slopes = gradient(params, inputs, labels)
    return value, jax.lax.pmean(slopes, 'data')

  fold = lambda x: x.reshape(num_devices, -1, *x.shape[1:])
  values, slopes = jax.block_until_ready(
      jax.pmap(averaged, axis_name='data', devices=jax.devices()[:num_devices])(
          fold(inputs), fold(labels)
      )
  )
  expected = _alone(penalty, example)
  np.testing.assert_allclose(
      values, jnp.full(num_devices, expected[0]), rtol=1e-4
  )
  _assert_same(jax.tree.map(lambda x: x[0], (values, slopes)), expected)


@DEVICES
@PENALTIES
def test_a_divided_batch_under_jit_is_the_global_batch(
    rng, penalty, num_classes, size, num_devices
):
  params, inputs, labels = example = _example(rng, num_classes, size)
  mesh = Mesh(np.asarray(jax.devices()[:num_devices]), ('data',))
  place = lambda tree, *spec: jax.device_put(
      tree, NamedSharding(mesh, PartitionSpec(*spec))
  )
  got = jax.block_until_ready(
      _value_and_gradient(penalty, None)(
          place(params), place(inputs, 'data'), place(labels, 'data')
      )
  )
  _assert_same(got, _alone(penalty, example))


@PENALTIES
def test_averaged_gradients_under_shard_map_are_those_of_one_device(
    rng, penalty, num_classes, size
):
  example = _example(rng, num_classes, size)
  mesh = Mesh(np.asarray(jax.devices()[:4]), ('data',))

  def averaged(params, inputs, labels):
    gradient = _value_and_gradient(penalty, 'data')
    return jax.lax.pmean(gradient(params, inputs, labels), 'data')

  everywhere, divided = PartitionSpec(), PartitionSpec('data')
  got = jax.block_until_ready(
      jax.jit(
          jax.shard_map(
              averaged,
              mesh=mesh,
              in_specs=(everywhere, divided, divided),
              out_specs=everywhere,
              check_vma=False,
          )
      )(*example)
  )
  _assert_same(got, _alone(penalty, example))


def test_it_is_not_the_mean_of_what_devices_would_compute_alone(rng):
  # Otherwise the tests above would pass without any axis.
  params, inputs, labels = example = _example(rng, 4, 5)
  for penalty in (_batch_sgm, _decov):
    halves = [
        penalty(params, inputs[part], labels[part], None)
        for part in (slice(0, 8), slice(8, 16))
    ]
    assert abs(np.mean(halves) / penalty(*example, None) - 1) > 1e-2
