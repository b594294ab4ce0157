"""Class means against loops in float64."""

from hypothesis import given, settings
from hypothesis import strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import ops


def _means(features, labels, num_classes, weights):
  means = np.zeros((num_classes, *features.shape[1:]))
  for c in range(num_classes):
    total = 0.0
    for x, y, a in zip(features, labels, weights, strict=True):
      if y == c:
        means[c] += a * x
        total += a
    if total > 0:
      means[c] /= total
  return means


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-2, 5), min_size=8, max_size=8), st.booleans())
def test_means_of_any_labelling(labels, weighted):
  # Labels -2, -1, 4 and 5 belong to no class; some classes may be empty.
  rng = np.random.default_rng(len(set(labels)))
  features = rng.normal(size=(8, 3))
  weights = rng.integers(0, 3, size=8) if weighted else np.ones(8)
  got = ops.class_means(
      jnp.asarray(features, jnp.float32),
      jnp.array(labels),
      4,
      jnp.asarray(weights, jnp.float32) if weighted else None,
  )
  expected = _means(features, labels, 4, weights)
  np.testing.assert_allclose(got, expected, atol=1e-5)


def test_the_order_of_examples_does_not_matter(rng):
  features = jnp.asarray(rng.normal(size=(20, 5)), jnp.float32)
  labels = jnp.asarray(rng.integers(0, 3, size=20))
  order = rng.permutation(20)
  np.testing.assert_allclose(
      ops.class_means(features[order], labels[order], 3),
      ops.class_means(features, labels, 3),
      atol=1e-6,
  )


def test_features_of_any_rank(rng):
  maps = jnp.asarray(rng.normal(size=(6, 2, 2, 3)), jnp.float32)
  labels = jnp.array([0, 1, 0, 1, 1, 0])
  flat = ops.class_means(maps.reshape(6, 12), labels, 2)
  np.testing.assert_array_equal(
      ops.class_means(maps, labels, 2).reshape(2, 12), flat
  )


def test_the_gradient_of_a_mean_is_one_over_its_number_of_examples():
  labels = jnp.array([0, 0, 0, 1, 2, 2])
  gradient = jax.grad(lambda x: jnp.sum(ops.class_means(x, labels, 4)[:, 0]))(
      jnp.zeros((6, 1))
  )
  np.testing.assert_allclose(
      gradient[:, 0], [1 / 3, 1 / 3, 1 / 3, 1, 1 / 2, 1 / 2], rtol=1e-6
  )


def test_jit_and_vmap_over_draws(rng):
  features = jnp.asarray(rng.normal(size=(7, 6, 2)), jnp.float32)
  labels = jnp.asarray(rng.integers(0, 3, size=(7, 6)))
  batched = jax.jit(
      jax.vmap(ops.class_means, in_axes=(0, 0, None)), static_argnums=2
  )(features, labels, 3)
  for i in range(7):
    np.testing.assert_allclose(
        batched[i], ops.class_means(features[i], labels[i], 3), atol=1e-6
    )


def test_other_numbers_of_labels_than_features_are_refused():
  with pytest.raises(AssertionError, match='prefix'):
    ops.class_means(jnp.ones((3, 2)), jnp.zeros(4, jnp.int32), 2)
  with pytest.raises(AssertionError, match='shapes'):
    ops.class_means(
        jnp.ones((3, 2)), jnp.zeros(3, jnp.int32), 2, jnp.ones((3, 1))
    )
