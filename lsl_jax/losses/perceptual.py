"""Perceptual loss: how far two images are apart in the maps of a network.

References:
  Johnson, Alahi, Fei-Fei. Perceptual losses for real-time style transfer and
  super-resolution. ECCV 2016.
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020.
"""

from collections.abc import Sequence

import chex
import jax
import jax.numpy as jnp


def perceptual(
    generated: Sequence[jax.Array],
    targets: Sequence[jax.Array],
    *,
    weights: Sequence[float] | None = None,
) -> jax.Array:
  r"""Weighted sum of the L1 distances between two images' maps.

  .. math:: \sum_j \lambda_j \lVert \xi_j(G(z)) - \xi_j(x) \rVert_1,
      \qquad \lambda_j = \frac{w_j}{h_j w_j d_j}

  The paper calls :math:`\lambda_j` "usually the weighted average"; as in its
  authors' program each map counts with its mean absolute difference, whatever
  its size, times a weight that is one by default.

  Args:
    generated: maps :math:`\xi_j(G(z))`, each `[B, h, w, d]`.
    targets: maps :math:`\xi_j(x)`, of the same shapes.
    weights: of the maps' mean absolute differences; None for ones.

  Returns:
    The loss of each example, `[B]`.

  Raises:
    ValueError: the numbers of maps or weights differ, or there are none.

  References:
    Azuri and Weinshall 2020, eq. 1.

  >>> maps = jnp.zeros((1, 2, 2, 3)), jnp.zeros((1, 1, 1, 5))
  >>> perceptual(maps, [maps[0] + 1, maps[1] - 2], weights=[1, 0.5])
  Array([2.], dtype=float32)
  """
  if weights is None:
    weights = (1.0,) * len(targets)
  if not len(generated) == len(targets) == len(weights) or not targets:
    raise ValueError(
        f'{len(generated)} generated maps, {len(targets)} target maps and'
        f' {len(weights)} weights; there must be as many of each, at least one'
    )
  total = jnp.zeros(targets[0].shape[0])
  for ours, theirs, weight in zip(generated, targets, weights, strict=True):
    chex.assert_equal_shape([ours, theirs])
    difference = jnp.abs(ours - theirs).astype(jnp.float32)
    total += weight * jnp.mean(difference, axis=tuple(range(1, ours.ndim)))
  return total
