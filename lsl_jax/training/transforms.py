"""Gradient transformations that Optax does not have."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax


class MomentumState(NamedTuple):
  """Whether a buffer has begun, `[]` bool, and the buffers."""

  begun: jax.Array
  buffer: Any


def momentum(
    decay: float, *, dampening: float = 0.0, nesterov: bool = False
) -> optax.GradientTransformation:
  r"""PyTorch's momentum: the first step is undamped.

  .. math:: b_1 = g_1, \quad b_t = m\, b_{t-1} + (1 - \text{dampening})\, g_t

  and the direction is b, or g + m b with Nesterov's correction. With m = 0.9
  and dampening 0.9 a constant gradient moves the parameters by one learning
  rate a step; without dampening, by ten.

  Args:
    decay: m; 0 gives plain gradient descent, which needs no buffer.
    dampening: how much of a new gradient is left out after the first step.
    nesterov: look ahead along the buffer.

  Returns:
    The transformation, without learning rate or sign.

  Raises:
    ValueError: Nesterov's correction without momentum or with dampening.
  """
  if nesterov and (not decay or dampening):
    raise ValueError(
        'nesterov needs momentum > 0 and dampening 0; they are '
        f'{decay} and {dampening}.'
    )
  if not decay:
    return optax.identity()

  def init(params):
    return MomentumState(
        jnp.zeros((), bool), jax.tree.map(jnp.zeros_like, params)
    )

  def update(updates, state, params=None):
    del params
    share = jnp.where(state.begun, 1.0 - dampening, 1.0)
    buffer = jax.tree.map(
        lambda b, g: decay * b + share.astype(g.dtype) * g,
        state.buffer,
        updates,
    )
    if nesterov:
      direction = jax.tree.map(lambda g, b: g + decay * b, updates, buffer)
    else:
      direction = buffer
    return direction, MomentumState(jnp.ones((), bool), buffer)

  return optax.GradientTransformation(init, update)


def clip_each(norm: float) -> optax.GradientTransformation:
  """Shortens the gradient of each array to a norm, each by itself.

  Args:
    norm: the Euclidean norm that none exceeds afterwards.

  Returns:
    The transformation.
  """

  def init(params):
    del params
    return optax.EmptyState()

  def shorten(gradient):
    length = jnp.sqrt(jnp.sum(jnp.square(gradient)))
    return gradient * jnp.minimum(1.0, norm / jnp.maximum(length, 1e-12))

  def update(updates, state, params=None):
    del params
    return jax.tree.map(shorten, updates), state

  return optax.GradientTransformation(init, update)


def scale_subtrees(
    multipliers: Mapping[str, float],
) -> optax.GradientTransformation:
  """Multiplies the updates of top-level entries of the parameters.

  Args:
    multipliers: factors by entry; entries that are not named keep theirs.

  Returns:
    The transformation. Its `init` raises ValueError for an entry that the
    parameters do not have.
  """

  def init(params):
    unknown = sorted(set(multipliers) - set(params))
    if unknown:
      raise ValueError(
          f'multipliers name {", ".join(unknown)}, but the parameters have '
          f'{", ".join(sorted(params))}.'
      )
    return optax.EmptyState()

  def update(updates, state, params=None):
    del params
    scaled = {
        name: optax.tree.scale(multipliers.get(name, 1.0), tree)
        for name, tree in updates.items()
    }
    return scaled, state

  return optax.GradientTransformation(init, update)
