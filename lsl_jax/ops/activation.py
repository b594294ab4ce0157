"""Class activation maps: where in an image a class's template is found.

References:
  Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
  few-shot learning. CVPR 2019, figure 3.
"""

import chex
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity


def class_activation(maps: jax.Array, templates: jax.Array) -> jax.Array:
  r"""Cosine of every position's features with one class's template.

  .. math:: A_k = \cos(\phi^{(k)}(x), w_y)

  Args:
    maps: :math:`\phi`, `[B, H, W, D]`.
    templates: :math:`w_y`, of the class that each image is looked at for,
      `[B, D]`.

  Returns:
    `[B, H, W]` float32 in [-1, 1].

  >>> maps = jnp.array([[[[2.0, 0.0], [0.0, 3.0]]]])
  >>> class_activation(maps, jnp.array([[5.0, 0.0]])).tolist()
  [[[1.0, 0.0]]]
  """
  chex.assert_rank([maps, templates], [4, 2])
  chex.assert_equal_shape_prefix([maps, templates], 1)
  maps = similarity.unit(maps.astype(jnp.float32))
  templates = similarity.unit(templates.astype(jnp.float32))
  return jnp.einsum('bhwd,bd->bhw', maps, templates)
