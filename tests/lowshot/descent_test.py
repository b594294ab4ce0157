"""Descent against loops and against the training loop's momentum."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lsl_jax.lowshot import descent
from lsl_jax.training import transforms


def _quadratic(target):
  return jax.value_and_grad(
      lambda w, t: 0.5 * jnp.sum(jnp.square(w - target * (1 + t)))
  )


@pytest.mark.parametrize('dampening', [0.0, 0.9])
def test_it_takes_the_steps_of_a_loop(rng, dampening):
  start, target = rng.normal(size=(2, 3))
  w, buffer, losses = start.copy(), np.zeros(3), []
  for t in range(5):
    losses.append(0.5 * sum((w - target * (1 + t)) ** 2))
    gradient = w - target * (1 + t) + 0.2 * w
    if t == 0:
      buffer = gradient
    else:
      buffer = 0.8 * buffer + (1 - dampening) * gradient
    w = w - [0.3, 0.3, 0.03, 0.03, 0.003][t] * buffer
  params, values = descent.descend(
      _quadratic(jnp.asarray(target, jnp.float32)),
      jnp.asarray(start, jnp.float32),
      iterations=5,
      learning_rate=descent.staircase(0.3, every=2),
      momentum=0.8,
      dampening=dampening,
      weight_decay=0.2,
  )
  np.testing.assert_allclose(params, w, rtol=1e-5)
  np.testing.assert_allclose(values, losses, rtol=1e-5)


def test_its_momentum_is_that_of_representation_learning():
  loss = _quadratic(jnp.array([1.0, -2.0]))
  optimizer = optax.chain(
      transforms.momentum(0.9, dampening=0.9), optax.scale(-0.5)
  )
  expected = jnp.array([3.0, 4.0])
  state = optimizer.init(expected)
  for t in range(4):
    updates, state = optimizer.update(loss(expected, jnp.array(t))[1], state)
    expected = optax.apply_updates(expected, updates)
  params, _ = descent.descend(
      loss, jnp.array([3.0, 4.0]), iterations=4, learning_rate=0.5
  )
  np.testing.assert_allclose(params, expected, atol=1e-6)


def test_rates_can_be_mapped_over(rng):
  start = jnp.asarray(rng.normal(size=3), jnp.float32)
  rates = jnp.array([0.1, 0.4])

  def run(rate):
    return descent.descend(
        _quadratic(jnp.ones(3)), start, iterations=3, learning_rate=rate
    )[0]

  together = jax.vmap(run)(rates)
  for params, rate in zip(together, rates, strict=True):
    np.testing.assert_allclose(params, run(rate), rtol=1e-6)
