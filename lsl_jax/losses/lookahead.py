"""A margin judged by what a step with it does to other queries.

Trained on its own loss a margin only shrinks, so its generator may be trained
on the loss that counts instead: the one without a margin, after a step.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from lsl_jax.losses import margins as margins_lib


def margin_alignment(
    logits_of: Callable[[Any], tuple[jax.Array, jax.Array]],
    params: Any,
    margins: jax.Array,
    *,
    axis_name: str | None = None,
) -> jax.Array:
  r"""How well the margin loss's step serves queries that it has not seen.

  After a step of size r down the margin loss of every other query, the loss
  without a margin of the remaining ones is, to first order in r,

  .. math:: L_0(\theta - r \nabla L_m(\theta)) \approx
      L_0(\theta) - r \langle \nabla L_0, \nabla L_m \rangle

  This is that inner product, with :math:`\nabla L_0` scaled to length one.
  Raising it by the margins lowers what the step leaves of the loss. The
  derivative in that direction is taken forwards, so the margins' gradient does
  not go back through the network.

  Args:
    logits_of: `params -> (logits [E, M, N], labels [E, M])` of E tasks, M at
      least two.
    params: of the network; no gradient reaches them from here.
    margins: m of each task, `[E, N, N]`; they receive the gradient.
    axis_name: mapped axis over which tasks are divided, or None.

  Returns:
    The inner product, a scalar.
  """
  params = jax.lax.stop_gradient(params)

  def loss_without_margin(params):
    logits, labels = logits_of(params)
    return jnp.mean(pair_losses(logits, labels, 0 * margins)[:, 1::2])

  direction = jax.grad(loss_without_margin)(params)
  if axis_name is not None:
    direction = jax.lax.pmean(direction, axis_name)
  length = jnp.maximum(optax.tree.norm(direction), 1e-12)
  direction = jax.lax.stop_gradient(
      jax.tree.map(lambda leaf: leaf / length, direction)
  )
  logits, moves, labels = jax.jvp(
      logits_of, (params,), (direction,), has_aux=True
  )

  def loss_with_margin(logits):
    return jnp.mean(pair_losses(logits, labels, margins)[:, 0::2])

  return jax.jvp(loss_with_margin, (logits,), (moves,))[1]


def lookahead_loss(
    logits: jax.Array,
    labels: jax.Array,
    margins: jax.Array,
    logits_of: Callable[[Any], tuple[jax.Array, jax.Array]],
    params: Any,
    *,
    axis_name: str | None = None,
) -> jax.Array:
  """The margin loss of a network, whose margins learn by `margin_alignment`.

  Its value is the mean of `pair_losses`. Its gradient reaches the network
  through the logits alone, and the margins through the alignment alone.

  Args:
    logits: of E tasks, `[E, M, N]`.
    labels: `[E, M]` int.
    margins: of each task, `[E, N, N]`.
    logits_of: as `margin_alignment` takes it.
    params: likewise.
    axis_name: likewise.

  Returns:
    A scalar, in nats.
  """
  gain = margin_alignment(logits_of, params, margins, axis_name=axis_name)
  value = pair_losses(logits, labels, jax.lax.stop_gradient(margins))
  return jnp.mean(value) - (gain - jax.lax.stop_gradient(gain))


# Of E tasks: logits [E, M, N], labels [E, M], margins [E, N, N] -> [E, M].
pair_losses = jax.vmap(margins_lib.margin_cross_entropy)
