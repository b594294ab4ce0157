"""Stochastic gradient descent as one scan, with PyTorch's dampened momentum.

What the papers' low-shot phase trains (a linear classifier, a generator, a
matching network) is small enough for one program to hold the whole run.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

Rate = Callable[[jax.Array], jax.Array] | jax.Array | float


def descend(
    value_and_grad: Callable[[Any, jax.Array], tuple[jax.Array, Any]],
    params: Any,
    *,
    iterations: int,
    learning_rate: Rate,
    momentum: jax.Array | float = 0.9,
    dampening: jax.Array | float = 0.9,
    weight_decay: jax.Array | float = 0.0,
) -> tuple[Any, jax.Array]:
  r"""Descends for a number of steps; the first one is undamped.

  .. math:: g_t = \nabla L_t(w_{t-1}) + \delta w_{t-1}, \quad
      b_1 = g_1, \quad b_t = m\, b_{t-1} + (1 - \text{dampening})\, g_t, \quad
      w_t = w_{t-1} - r_t b_t

  With m = 0.9 and dampening 0.9 a constant gradient moves the parameters by one
  learning rate a step; without dampening, by ten.

  Args:
    value_and_grad: `(params, step []) -> (loss [], gradient)`, traced once; the
      step counts from zero.
    params: where to start, a pytree.
    iterations: how many steps; static.
    learning_rate: :math:`r`, a number (may be traced) or a function of the
      step.
    momentum: m.
    dampening: how much of a new gradient is left out after the first step.
    weight_decay: :math:`\delta`, on all parameters.

  Returns:
    The parameters after the last step, and each step's loss, `[iterations]`.

  References:
    Hariharan, Girshick. Low-shot visual recognition by shrinking and
    hallucinating features. ICCV 2017, section 6.2 (dampening as in the
    authors' code).

  >>> slope = lambda params, step: (params, jnp.ones(()))
  >>> descend(slope, jnp.zeros(()), iterations=3, learning_rate=1.0)[0]
  Array(-3., dtype=float32)
  """

  def step(carry, t):
    params, buffer = carry
    loss, gradient = value_and_grad(params, t)
    share = jnp.where(t == 0, 1.0, 1.0 - dampening)
    rate = learning_rate(t) if callable(learning_rate) else learning_rate
    buffer = jax.tree.map(
        lambda w, b, g: momentum * b + share * (g + weight_decay * w),
        params,
        buffer,
        gradient,
    )
    params = jax.tree.map(lambda w, b: w - rate * b, params, buffer)
    return (params, buffer), loss

  start = (params, jax.tree.map(jnp.zeros_like, params))
  (params, _), losses = jax.lax.scan(step, start, jnp.arange(iterations))
  return params, losses


def staircase(
    learning_rate: jax.Array | float, *, every: int, factor: float = 0.1
) -> Callable[[jax.Array], jax.Array]:
  """A rate that is multiplied by a factor at equal distances.

  Args:
    learning_rate: of the first steps; may be traced.
    every: steps between two changes.
    factor: of each change.

  Returns:
    A function of the step for `descend`.

  >>> [round(float(staircase(1.0, every=2)(t)), 4) for t in range(5)]
  [1.0, 1.0, 0.1, 0.1, 0.01]
  """
  return lambda step: learning_rate * jnp.float32(factor) ** (step // every)
