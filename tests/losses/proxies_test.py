"""Proxy-NCA against loops in float64, and the paper's identity with softmax."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses, ops


def _proxy_nca(embeddings, proxies, labels, scale, positive_counts=False):
  """Equation 2; with the positive in the denominator it is equation 4's."""
  values = []
  for x, y in zip(embeddings, labels, strict=True):
    x = x / math.sqrt(sum(x * x))
    near, far = 0.0, 0.0
    for c, p in enumerate(proxies):
      p = p / math.sqrt(sum(p * p))
      similarity = math.exp(-scale * sum((x - p) ** 2))
      if c == y:
        near = similarity
      if c != y or positive_counts:
        far += similarity
    values.append(-math.log(near / far))
  return np.array(values)


def _example(rng):
  embeddings, proxies = rng.normal(size=(6, 5)), rng.normal(size=(4, 5))
  labels = rng.integers(0, 4, size=6)
  arrays = (
      jnp.asarray(embeddings, jnp.float32),
      jnp.asarray(proxies, jnp.float32),
      jnp.asarray(labels),
  )
  return (embeddings, proxies, labels), arrays


@pytest.mark.parametrize('scale', [1.0, 5.0])
def test_agrees_with_the_equation(rng, scale):
  exact, arrays = _example(rng)
  np.testing.assert_allclose(
      losses.proxy_nca(*arrays, scale=scale),
      _proxy_nca(*exact, scale),
      atol=1e-5,
  )


def test_with_the_positive_in_the_denominator_it_is_softmax_of_scale_two(rng):
  # Equations 3 and 4: log(1 + exp(loss)) puts the positive back.
  exact, (embeddings, proxies, labels) = _example(rng)
  softmax = losses.cross_entropy(
      ops.cosine_logits(embeddings, proxies, 2.0), labels
  )
  np.testing.assert_allclose(
      softmax, _proxy_nca(*exact, 1.0, positive_counts=True), atol=1e-5
  )
  np.testing.assert_allclose(
      softmax,
      jax.nn.softplus(losses.proxy_nca(embeddings, proxies, labels)),
      atol=1e-5,
  )


def test_only_directions_count(rng):
  _, (embeddings, proxies, labels) = _example(rng)
  np.testing.assert_allclose(
      losses.proxy_nca(7 * embeddings, proxies / 3, labels),
      losses.proxy_nca(embeddings, proxies, labels),
      atol=1e-5,
  )


def test_stays_within_its_documented_bounds():
  # Worst: on the opposite of its own proxy and on all others; best: reversed.
  proxies = jnp.array([[1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]])
  x = jnp.array([[-1.0, 0.0], [1.0, 0.0]])
  np.testing.assert_allclose(
      losses.proxy_nca(x, proxies, jnp.array([0, 0]), scale=2.0),
      [8 + math.log(2), -8 + math.log(2)],
      rtol=1e-5,
  )


def test_the_gradient_pulls_to_the_positive_and_pushes_from_the_nearest(rng):
  _, arrays = _example(rng)
  embeddings, proxies, labels = (arrays[0][:1], arrays[1], arrays[2][:1])
  gradient = jax.grad(lambda p: losses.proxy_nca(embeddings, p, labels)[0])(
      ops.unit(proxies)
  )
  # A step against it: cosines of the positive rise, all others fall.
  moved = ops.cosine_logits(embeddings, ops.unit(proxies) - 0.01 * gradient)
  change = moved - ops.cosine_logits(embeddings, proxies)
  positive = np.arange(4) == int(labels[0])
  assert (np.asarray(change[0] > 0) == positive).all()


@pytest.mark.parametrize('size', [0.0, 1e-30, 1e15])
def test_values_and_gradients_are_finite_at_extremes(size):
  x = jnp.full((2, 3), size)

  @jax.jit
  def with_gradients(x, p):
    values, pullback = jax.vjp(
        lambda x, p: losses.proxy_nca(x, p, jnp.array([0, 1]), scale=1e4), x, p
    )
    return values, pullback(jnp.ones(2))

  for numbers in jax.tree.leaves(with_gradients(x, x)):
    assert np.isfinite(numbers).all()


def test_inputs_that_do_not_fit_are_refused():
  labels = jnp.zeros(2, jnp.int32)
  with pytest.raises(ValueError, match='at least two proxies, got 1'):
    losses.proxy_nca(jnp.ones((2, 3)), jnp.ones((1, 3)), labels)
  with pytest.raises(AssertionError, match='suffix'):
    losses.proxy_nca(jnp.ones((2, 3)), jnp.ones((5, 4)), labels)
  with pytest.raises(AssertionError, match='prefix'):
    losses.proxy_nca(jnp.ones((3, 4)), jnp.ones((5, 4)), labels)
