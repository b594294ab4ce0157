"""Random templates for novel classes: where fine-tuning usually starts."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.lowshot import imprinting
from lsl_jax.ops import similarity

DISTRIBUTIONS: dict[str, Callable[..., jax.Array]] = {
    'xavier_uniform': jax.nn.initializers.xavier_uniform(),
    'normal': jax.nn.initializers.normal(1.0),
}


def random_templates(
    *, scale: jax.Array | float = 10.0, distribution: str = 'xavier_uniform'
) -> types.Learner:
  """Gives novel classes random templates, whatever their examples are.

  Without fine-tuning this is the paper's Rand-noFT. Rows are scaled to unit
  length, so `normal` is uniform on the sphere, `xavier_uniform` is not quite.

  Args:
    scale: as in `imprint`.
    distribution: `xavier_uniform`, the paper's, or `normal`, that of its
      reimplementations.

  Returns:
    A learner whose classifier is its templates, `[C + N, D]`. It has no sweep:
    its templates depend on the key, not on a draw.

  Raises:
    ValueError: if the distribution is unknown.

  References:
    Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
    section 6.2.
  """
  if distribution not in DISTRIBUTIONS:
    raise ValueError(
        f'unknown distribution {distribution!r}; valid ones: '
        + ', '.join(DISTRIBUTIONS)
    )

  def fit(key, base, support):
    imprinting.check_scale(scale, base)
    shape = (support.num_classes, support.features.shape[-1])
    rows = DISTRIBUTIONS[distribution](key, shape, base.templates.dtype)
    return jnp.concatenate(
        [similarity.unit(base.templates), similarity.unit(rows)]
    )

  # Predicting from templates is the same wherever they came from.
  return types.Learner(fit, imprinting.imprint(scale=scale).predict)
