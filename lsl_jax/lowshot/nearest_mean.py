"""Nearest class mean: the class whose mean feature is the closest.

References:
  Mensink, Verbeek, Perronnin, Csurka. Distance-based image classification:
  generalizing to new classes at near-zero cost. PAMI 2013 (with the Euclidean
  distance).
"""

import chex
import jax.numpy as jnp

from lsl_jax import ops, types


def nearest_mean() -> types.Learner:
  r"""Classifies by the squared distance to class means, base and novel.

  .. math:: z_c = -\lVert x - \mu_c \rVert^2

  Returns:
    A learner that needs `base.features` and `base.labels` (ValueError where
    they are missing) unless there are no base classes; its classifier is the
    means, `[C + N, D]`. Views `[S, A, D]` count as examples.
  """

  def fit(key, base, support):
    del key
    size = support.features.shape[-1]
    features = support.features.reshape(-1, size).astype(jnp.float32)
    views = features.shape[0] // support.labels.shape[0]
    novel = ops.class_means(
        features, jnp.repeat(support.labels, views), support.num_classes
    )
    if not base.num_classes:
      return novel
    if base.features is None or base.labels is None:
      raise ValueError(
          f'{base.num_classes} base classes without base.features and'
          ' base.labels; class means are taken of stored base examples'
      )
    means = ops.class_means(
        base.features.astype(jnp.float32), base.labels, base.num_classes
    )
    return jnp.concatenate([means, novel])

  def predict(means, features):
    chex.assert_equal_shape_suffix([means, features], 1)
    size = features.shape[-1]
    distances = ops.squared_distances(
        features.reshape(-1, size).astype(jnp.float32), means
    )
    return -distances.reshape(*features.shape[:-1], -1)

  return types.Learner(fit, predict)
