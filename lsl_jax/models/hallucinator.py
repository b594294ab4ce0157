"""The generator of features: completes the analogy c1 : c2 :: x : ?.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 4 and section 6.2.
"""

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp


class Hallucinator(nn.Module):
  r"""Three dense layers with ReLU, the last one as wide as a feature.

  .. math:: G(\phi(x), c_1, c_2) = \rho(A_3\, \rho(A_2\,
      \rho(A_1 [\phi(x), c_1, c_2] + b_1) + b_2) + b_3)

  The last ReLU is there because features are not negative. Weights and biases
  start uniform within one over the root of a layer's inputs.

  Attributes:
    hidden: width of the first two layers.
    rectify: whether there is a last ReLU; without one, G suits embeddings that
      may be negative.
  """

  hidden: int = 512
  rectify: bool = True

  @nn.compact
  def __call__(
      self, seed: jax.Array, start: jax.Array, end: jax.Array
  ) -> jax.Array:
    """Applies the transformation from `start` to `end` to a seed.

    Args:
      seed: features of a real example, `[..., D]`.
      start: centroid :math:`c_1`, `[..., D]`.
      end: centroid :math:`c_2` of the same class, `[..., D]`.

    Returns:
      Generated features, `[..., D]`, not negative if rectified.
    """
    chex.assert_equal_shape([seed, start, end])
    x = jnp.concatenate([seed, start, end], axis=-1)
    widths = (self.hidden, self.hidden, seed.shape[-1])
    for number, width in enumerate(widths, start=1):
      x = _dense(width, x.shape[-1], f'dense{number}')(x)
      if number < len(widths) or self.rectify:
        x = nn.relu(x)
    return x


def _dense(width: int, inputs: int, name: str) -> nn.Dense:
  bound = inputs**-0.5

  def init(key, shape, dtype=jnp.float32):
    return jax.random.uniform(key, shape, dtype, minval=-bound, maxval=bound)

  return nn.Dense(width, kernel_init=init, bias_init=init, name=name)
