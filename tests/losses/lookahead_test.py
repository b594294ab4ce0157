"""A step's gain by margins, against finite steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses


@pytest.fixture
def problem(rng):
  """A linear classifier `[D, N]` on two tasks, and margins."""
  x = jnp.float32(rng.normal(size=(2, 6, 3)))
  labels = jnp.asarray(rng.integers(0, 4, (2, 6)))
  weights = jnp.float32(rng.normal(size=(3, 4)))
  margins = jnp.float32(rng.normal(size=(2, 4, 4)))
  return lambda w: (jnp.tanh(x @ w) * 3, labels), weights, margins


def _loss(logits_of, weights, margins, first):
  values = losses.pair_losses(*logits_of(weights), margins)
  return values[:, first::2].mean()


def test_it_is_the_inner_product_of_the_two_losses_slopes(problem):
  logits_of, weights, margins = problem
  free = jax.grad(lambda w: _loss(logits_of, w, 0 * margins, 1))(weights)
  ahead = jax.grad(lambda w: _loss(logits_of, w, margins, 0))(weights)
  found = losses.margin_alignment(logits_of, weights, margins)
  np.testing.assert_allclose(
      found, jnp.sum(free * ahead) / jnp.linalg.norm(free), rtol=1e-4
  )


def test_raising_it_lowers_what_a_step_leaves_of_the_loss(problem):
  logits_of, weights, margins = problem

  def left(margins, size):
    step = jax.grad(lambda w: _loss(logits_of, w, margins, 0))(weights)
    return _loss(logits_of, weights - size * step, 0 * margins, 1)

  slope = jax.grad(lambda m: losses.margin_alignment(logits_of, weights, m))(
      margins
  )
  free = jax.grad(lambda w: _loss(logits_of, w, 0 * margins, 1))(weights)
  expected = -jax.grad(left)(margins, 1e-3) / 1e-3 / jnp.linalg.norm(free)
  np.testing.assert_allclose(slope, expected, rtol=2e-2, atol=2e-4)
  assert left(margins + 0.1 * slope, 0.01) < left(margins, 0.01)


def test_the_network_receives_no_gradient_from_it(problem):
  logits_of, weights, margins = problem
  slope = jax.grad(lambda w: losses.margin_alignment(logits_of, w, margins))(
      weights
  )
  np.testing.assert_array_equal(slope, 0)
