"""Nearest class mean: the class whose mean feature is the closest.

References:
  Mensink, Verbeek, Perronnin, Csurka. Distance-based image classification:
  generalizing to new classes at near-zero cost. PAMI 2013 (with the Euclidean
  distance).
"""

import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.lowshot.metric_prototypes import metric_prototypes


def nearest_mean() -> types.Learner:
  r"""Classifies by the squared distance to class means, base and novel.

  .. math:: z_c = -\lVert x - \mu_c \rVert^2

  Returns:
    A learner that needs `base.features` and `base.labels` (ValueError where
    they are missing) unless there are no base classes; its classifier is the
    means, `[C + N, D]`. Views `[S, A, D]` count as examples.
  """
  means = metric_prototypes(metric='squared_euclidean')

  def fit(key, base, support):
    if base.num_classes and (base.features is None or base.labels is None):
      raise ValueError(
          f'{base.num_classes} base classes without base.features and'
          ' base.labels; class means are taken of stored base examples'
      )
    features = support.features.reshape(-1, support.features.shape[-1])
    views = features.shape[0] // support.labels.shape[0]
    examples = types.Support(
        features.astype(jnp.float32),
        jnp.repeat(support.labels, views),
        support.num_classes,
    )
    return means.fit(key, base, examples)

  return types.Learner(fit, means.predict)
