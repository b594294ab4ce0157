"""The lifted structured loss against loops in float64."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses

_value_and_gradient = jax.jit(jax.value_and_grad(losses.lifted_structure))


def _lifted_structure(embeddings, labels, margin):
  """The definition, one pair and one negative at a time."""
  distance = lambda i, j: math.dist(embeddings[i], embeddings[j])
  total, pairs = 0.0, 0
  for i, j in itertools.combinations(range(len(labels)), 2):
    if labels[i] != labels[j]:
      continue
    pairs += 1
    negatives = 0.0
    for k in range(len(labels)):
      if labels[k] != labels[i]:
        negatives += math.exp(margin - distance(i, k))
        negatives += math.exp(margin - distance(j, k))
    total += max(math.log(negatives) + distance(i, j), 0.0) ** 2
  return total / (2 * pairs)


@pytest.mark.parametrize('margin', [-2.0, 0.5, 1.0])
def test_agrees_with_the_definition(rng, margin):
  # At the margin -2 some pairs are satisfied, and the hinge cuts them off.
  embeddings = rng.normal(size=(9, 4))
  labels = np.array([0, 1, 2, 0, 1, 2, 0, 0, 3])
  got = losses.lifted_structure(
      jnp.asarray(embeddings, jnp.float32), jnp.asarray(labels), margin=margin
  )
  expected = _lifted_structure(embeddings, labels, margin)
  assert expected > 0
  np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_the_gradient_agrees_with_finite_differences(rng):
  embeddings, labels = rng.normal(size=(6, 3)), np.array([0, 1, 0, 1, 2, 0])
  _, gradient = _value_and_gradient(
      jnp.asarray(embeddings, jnp.float32), jnp.asarray(labels), margin=1.0
  )
  expected = np.zeros((6, 3))
  for index in np.ndindex(6, 3):
    step = np.zeros((6, 3))
    step[index] = 1e-6
    up, down = (
        _lifted_structure(embeddings + sign * step, labels, 1.0)
        for sign in (1, -1)
    )
    expected[index] = (up - down) / 2e-6
  np.testing.assert_allclose(gradient, expected, atol=2e-5)


def test_examples_in_another_order_cost_the_same(rng):
  embeddings = jnp.asarray(rng.normal(size=(8, 3)), jnp.float32)
  labels, order = jnp.arange(8) % 3, rng.permutation(8)
  np.testing.assert_allclose(
      losses.lifted_structure(embeddings[order], labels[order]),
      losses.lifted_structure(embeddings, labels),
      rtol=1e-5,
  )


def test_well_separated_classes_cost_nothing():
  embeddings = jnp.array([[0.0], [0.1], [50.0], [50.1]])
  assert losses.lifted_structure(embeddings, jnp.array([0, 0, 1, 1])) == 0


@pytest.mark.parametrize(
    'labels', [[0, 1, 2, 3], [5, 5, 5, 5]], ids=['no pair', 'no negative']
)
def test_without_pairs_or_negatives_value_and_gradient_are_zero(rng, labels):
  value, gradient = _value_and_gradient(
      jnp.asarray(rng.normal(size=(4, 3)), jnp.float32), jnp.array(labels)
  )
  assert value == 0
  np.testing.assert_array_equal(gradient, np.zeros((4, 3)))


@pytest.mark.parametrize('size', [0.0, 1e-20, 1.0, 1e8])
def test_coincident_and_distant_points_give_finite_numbers(size):
  # The first two coincide, the third may lie anywhere.
  embeddings = size * jnp.array([[1.0, 1.0], [1.0, 1.0], [-1.0, 0.5]])
  for labels in ([0, 0, 1], [0, 1, 0], [0, 1, 1]):
    value, gradient = _value_and_gradient(embeddings, jnp.array(labels))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_is_the_same_under_jit_and_vmap(rng):
  embeddings = jnp.asarray(rng.normal(size=(3, 5, 2)), jnp.float32)
  labels = jnp.asarray(rng.integers(0, 2, size=(3, 5)))
  batched = jax.jit(jax.vmap(losses.lifted_structure))(embeddings, labels)
  for i in range(3):
    np.testing.assert_allclose(
        batched[i],
        losses.lifted_structure(embeddings[i], labels[i]),
        rtol=1e-5,
        atol=1e-6,
    )


def test_inputs_that_do_not_fit_are_refused():
  with pytest.raises(AssertionError, match='prefix'):
    losses.lifted_structure(jnp.ones((3, 2)), jnp.zeros(4, jnp.int32))
  with pytest.raises(AssertionError, match='rank'):
    losses.lifted_structure(jnp.ones((3, 2, 2)), jnp.zeros(3, jnp.int32))
