"""Squared gradient magnitudes against loops, and against jax.grad."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses

# Examples, classes, features: the sum of gradients, [C, D], is smaller than
# what it is made of in the first, larger in the second.
FEW_CLASSES, FEW_EXAMPLES = (16, 4, 5), (16, 40, 50)
SIZES = pytest.mark.parametrize('sizes', [FEW_CLASSES, FEW_EXAMPLES])


def _example(rng, sizes):
  """Non-negative features, as after ReLU, a classifier, and labels."""
  batch_size, num_classes, size = sizes
  features = np.maximum(rng.normal(size=(batch_size, size)), 0)
  weights = rng.normal(size=(num_classes, size))
  labels = rng.integers(0, num_classes, batch_size)
  return (
      jnp.asarray(features, jnp.float32),
      jnp.asarray(weights, jnp.float32),
      jnp.asarray(labels, jnp.int32),
  )


def _gradients(features, logits, labels):
  """Each example's gradient with respect to the classifier: [B, C, D]."""
  result = np.zeros((*logits.shape, features.shape[1]))
  for b, (phi, z, y) in enumerate(zip(features, logits, labels, strict=True)):
    total = sum(math.exp(v) for v in z)
    for k in range(len(z)):
      result[b, k] = (math.exp(z[k]) / total - (k == y)) * phi
  return result


def _exact(features, weights, labels):
  features, weights = (np.asarray(x, np.float64) for x in (features, weights))
  return _gradients(features, features @ weights.T, np.asarray(labels))


def _mean_cross_entropy(weights, features, labels):
  return jnp.mean(losses.cross_entropy(features @ weights.T, labels))


@SIZES
def test_sgm_agrees_with_the_definition(rng, sizes):
  features, weights, labels = _example(rng, sizes)
  expected = [(g**2).sum() for g in _exact(features, weights, labels)]
  got = losses.sgm(features, features @ weights.T, labels)
  np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@SIZES
def test_batch_sgm_agrees_with_the_definition(rng, sizes):
  features, weights, labels = _example(rng, sizes)
  expected = (_exact(features, weights, labels).mean(0) ** 2).sum()
  got = losses.batch_sgm(features, features @ weights.T, labels)
  np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_sgm_is_the_squared_gradient_of_one_examples_cross_entropy(rng):
  features, weights, labels = _example(rng, FEW_CLASSES)
  gradient = jax.grad(_mean_cross_entropy)
  slopes = jax.jit(
      jax.vmap(lambda phi, y: gradient(weights, phi[None], y[None]))
  )(features, labels)
  np.testing.assert_allclose(
      losses.sgm(features, features @ weights.T, labels),
      jnp.sum(slopes**2, (1, 2)),
      rtol=1e-4,
      atol=1e-6,
  )


@SIZES
def test_batch_sgm_is_the_squared_gradient_of_the_mean(rng, sizes):
  features, weights, labels = _example(rng, sizes)
  slopes = jax.jit(jax.grad(_mean_cross_entropy))(weights, features, labels)
  np.testing.assert_allclose(
      losses.batch_sgm(features, features @ weights.T, labels),
      jnp.sum(slopes**2),
      rtol=1e-5,
  )


@SIZES
def test_gradients_of_batch_sgm_are_those_of_the_squared_gradient(rng, sizes):
  features, weights, labels = _example(rng, sizes)

  def differentiated(weights, features):
    slopes = jax.grad(_mean_cross_entropy)(weights, features, labels)
    return jnp.sum(slopes**2)

  def analytic(weights, features):
    return losses.batch_sgm(features, features @ weights.T, labels)

  gradient = lambda f: jax.jit(jax.grad(f, argnums=(0, 1)))(weights, features)
  expected, got = gradient(differentiated), gradient(analytic)
  assert all(abs(leaf).max() > 1e-4 for leaf in expected)
  for ours, theirs in zip(got, expected, strict=True):
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_for_a_single_example_both_are_the_same(rng):
  features, weights, labels = _example(rng, (1, 4, 5))
  logits = features @ weights.T
  np.testing.assert_allclose(
      losses.batch_sgm(features, logits, labels),
      losses.sgm(features, logits, labels)[0],
      rtol=1e-5,
  )


def test_a_sum_of_gradients_larger_than_its_parts_is_never_formed(rng):
  def shapes(sizes):
    features, weights, labels = _example(rng, sizes)
    arguments = features, features @ weights.T, labels
    jaxpr = jax.make_jaxpr(losses.batch_sgm)(*arguments)
    return {v.aval.shape for eqn in jaxpr.eqns for v in eqn.outvars}

  assert FEW_EXAMPLES[1:] not in shapes(FEW_EXAMPLES)
  # The parts' inner products are larger in this one.
  assert FEW_CLASSES[1:] in shapes(FEW_CLASSES)


def test_certain_and_right_costs_nothing_certain_and_wrong_the_bound():
  features = jnp.array([[3.0, 4.0]])
  logits = jnp.array([[100.0, 0.0, -100.0]])
  costs = lambda y: losses.sgm(features, logits, jnp.array([y]))
  np.testing.assert_allclose(costs(0), [0.0])
  np.testing.assert_allclose(costs(1), [2 * 25.0])


@pytest.mark.parametrize('penalty', [losses.sgm, losses.batch_sgm])
@pytest.mark.parametrize('sizes', [(2, 3, 4), (2, 6, 7)])
def test_values_and_gradients_are_finite_at_extremes(penalty, sizes):
  batch_size, num_classes, num_features = sizes
  labels = jnp.zeros(batch_size, jnp.int32)

  @jax.jit
  def with_gradients(features, logits):
    values, pullback = jax.vjp(
        lambda phi, z: penalty(phi, z, labels), features, logits
    )
    return values, pullback(jnp.ones_like(values))

  for size in (0.0, 1e-30, 1e8):
    for extreme in (0.0, 1e30):
      features = jnp.full((batch_size, num_features), size)
      logits = jnp.zeros((batch_size, num_classes)).at[:, 1].set(extreme)
      for numbers in jax.tree.leaves(with_gradients(features, logits)):
        assert np.isfinite(numbers).all()


@pytest.mark.parametrize('penalty', [losses.sgm, losses.batch_sgm])
def test_shapes_that_do_not_fit_are_refused(penalty):
  labels = jnp.zeros(3, jnp.int32)
  with pytest.raises(AssertionError, match='prefix'):
    penalty(jnp.ones((3, 5)), jnp.ones((2, 4)), labels)
  with pytest.raises(AssertionError, match='rank'):
    penalty(jnp.ones((3, 5, 1)), jnp.ones((3, 4)), labels)
  with pytest.raises(AssertionError, match='rank'):
    penalty(jnp.ones((3, 5)), jnp.ones((3, 4)), jnp.ones((3, 4)))
