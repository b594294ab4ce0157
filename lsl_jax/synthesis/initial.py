"""Where latent codes start: at random, at corners of a cube, at activations.

References:
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020, sections 3.2 and 5.2.
"""

import chex
import jax
import jax.numpy as jnp

from lsl_jax import ops, types

# Up to so many axes, corners are drawn without replacement; beyond, two of
# thousands of classes would meet once in billions.
_LISTED = 20


def sphere(key: types.Key, count: int, size: int = 128) -> jax.Array:
  """Codes drawn uniformly from the unit sphere, `[count, size]`."""
  return ops.unit(jax.random.normal(key, (count, size)))


def hypercube(
    key: types.Key,
    labels: jax.Array,
    num_classes: int,
    size: int = 128,
    *,
    spread: float = 0.01,
    listed: bool = False,
) -> jax.Array:
  """Codes near a corner of the cube {0, 1}^size, another for each class.

  Args:
    key: of the corners, and of the codes around them.
    labels: `[M]` int; a code without a class (-1) is drawn from the sphere.
    num_classes: C.
    size: Z, such that there are more corners than classes.
    spread: standard deviation of the codes around their corner, before they
      are brought to unit length.
    listed: take the corners in the order of their binary numbers, from zero,
      as the authors' program does: they are close together.

  Returns:
    `[M, size]`, of unit length.

  Raises:
    ValueError: the cube has too few corners.
  """
  chex.assert_rank(labels, 1)
  if size < 31 and 2**size <= num_classes:
    raise ValueError(
        f'{num_classes} classes need more corners than the {2**size} of a cube'
        f' of {size} axes'
    )
  corner_key, code_key = jax.random.split(key)
  if listed or size <= _LISTED:
    if listed:
      numbers = jnp.arange(num_classes)
    else:  # without the corner at zero, which has no direction
      numbers = 1 + jax.random.choice(
          corner_key, 2**size - 1, (num_classes,), replace=False
      )
    bits = min(size, 31)
    shifts = jnp.arange(bits - 1, -1, -1)
    corners = (numbers[:, None] >> shifts[None, :]) & 1
    corners = jnp.pad(corners, ((0, 0), (size - bits, 0)))
  else:
    corners = jax.random.bernoulli(corner_key, 0.5, (num_classes, size))
  noise = jax.random.normal(code_key, (len(labels), size))
  near = corners[labels].astype(jnp.float32) + spread * noise
  return ops.unit(jnp.where((labels < 0)[:, None], noise, near))


def activations(features: jax.Array) -> jax.Array:
  """Codes that are the images' features in a trained network.

  Args:
    features: of the penultimate layer, `[M, D]`.

  Returns:
    The features at unit length, `[M, D]`: codes of D dimensions.

  Raises:
    ValueError: an image has no active feature; names the first.
  """
  chex.assert_rank(features, 2)
  silent = jnp.all(features == 0, axis=-1)
  if bool(jnp.any(silent)):
    raise ValueError(
        f'the features of image {int(jnp.argmax(silent))} are all zero; a code'
        ' needs a direction'
    )
  return ops.unit(features)
