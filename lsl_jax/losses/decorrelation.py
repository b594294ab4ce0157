"""DeCov: features that do not vary together within a batch.

References:
  Cogswell, Ahmed, Girshick, Zitnick, Batra. Reducing overfitting in deep
  networks by decorrelating representations. ICLR 2016.
"""

import chex
import jax
from jax import lax
import jax.numpy as jnp


def decov(features: jax.Array, *, axis_name: str | None = None) -> jax.Array:
  r"""Half the squared covariances between different features.

  .. math:: \frac{1}{2} \big( \lVert \mathrm{Cov} \rVert_F^2
      - \lVert \mathrm{diag}\, \mathrm{Cov} \rVert_2^2 \big), \qquad
      \mathrm{Cov} = \frac{1}{B} \sum_b (\phi_b - \mu) (\phi_b - \mu)^\top

  Variances cost nothing, and a batch of one example costs zero. The penalty
  does not split into parts of the batch: with an axis name it is that of the
  global batch on every device, and its gradients, *averaged* over the axis, are
  those of one device (under `pmap`, or `shard_map` with `check_vma=False`).

  Args:
    features: :math:`\phi`, `[B, D]`.
    axis_name: mapped axis over which the batch is divided into equal parts, or
      None, under `jit`, where it is global as it is.

  Returns:
    The penalty of the global batch, a scalar, in feature units to the fourth.

  References:
    Cogswell et al. 2016, the DeCov loss (biased covariance).
    Hariharan, Girshick. Low-shot visual recognition by shrinking and
    hallucinating features. ICCV 2017, section 5.2 (comparison).

  >>> x = jnp.array([[0.0, 0.0], [2.0, 4.0]])  # deviations (1, 2): Cov 1 x 2
  >>> decov(x)
  Array(4., dtype=float32)
  """
  chex.assert_rank(features, 2)
  batch_size, size = features.shape
  mean_over_devices = lambda x: lax.pmean(x, axis_name) if axis_name else x
  means = mean_over_devices(jnp.mean(features, axis=0))
  deviations = features - means[None]
  covariances = mean_over_devices(
      jnp.matmul(deviations.T, deviations, precision=lax.Precision.HIGHEST)
      / batch_size
  )
  # Masked instead of subtracted: the two norms would cancel.
  between = jnp.where(jnp.eye(size, dtype=bool), 0, covariances)
  return jnp.sum(jnp.square(between)) / 2
