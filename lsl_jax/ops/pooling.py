"""Pooling of feature maps: what becomes of the positions before comparison.

References:
  Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
  few-shot learning. CVPR 2019, section 3.1.
"""

from collections.abc import Callable, Mapping

import chex
import jax
import jax.numpy as jnp


def gap(maps: jax.Array) -> jax.Array:
  """Global average pooling: `[..., H, W, D]` to `[..., D]`, in float32.

  >>> gap(jnp.array([[[1.0], [3.0]]]))
  Array([2.], dtype=float32)
  """
  _check(maps)
  return jnp.mean(maps, (-3, -2), dtype=jnp.float32)


def gmp(maps: jax.Array) -> jax.Array:
  """Global max-pooling: `[..., H, W, D]` to `[..., D]`, in float32.

  >>> gmp(jnp.array([[[1.0], [3.0]]]))
  Array([3.], dtype=float32)
  """
  _check(maps)
  return jnp.max(maps, (-3, -2)).astype(jnp.float32)


def flatten(maps: jax.Array) -> jax.Array:
  """All values as one vector: `[..., H, W, D]` to `[..., R * D]`, in float32.

  The cosine of such vectors is that of the maps as wholes (Frobenius inner
  product and norm, eq. 7 of the paper).
  """
  _check(maps)
  return maps.reshape(*maps.shape[:-3], -1).astype(jnp.float32)


def dense(maps: jax.Array) -> jax.Array:
  """Every position apart: `[..., H, W, D]` to `[..., R, D]`, in float32."""
  _check(maps)
  shape = (*maps.shape[:-3], -1, maps.shape[-1])
  return maps.reshape(shape).astype(jnp.float32)


# Those that make one vector of a map.
POOLINGS: Mapping[str, Callable[[jax.Array], jax.Array]] = {
    'gap': gap,
    'gmp': gmp,
    'flatten': flatten,
}


def _check(maps: jax.Array) -> None:
  if maps.ndim < 3 or 0 in maps.shape[-3:]:
    raise ValueError(
        f'pooling needs maps [..., H, W, D] with positions, not {maps.shape}'
    )
  chex.assert_type(maps, float)
