"""Nearest class mean under a metric, with word vectors where there are any.

References:
  Snell, Swersky, Zemel. Prototypical networks for few-shot learning. NeurIPS
  2017.
  Xing, Rostamzadeh, Oreshkin, Pinheiro. Adaptive cross-modal few-shot learning.
  NeurIPS 2019.
"""

from typing import Any

import chex
import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.models import cross_modal
from lsl_jax.ops import metric_scores
from lsl_jax.ops import prototypes as prototypes_lib


def metric_prototypes(
    *, metric: str = 'squared_euclidean', scale: jax.Array | float = 1.0
) -> types.Learner:
  r"""A class is the mean of its support: logits :math:`s\, D(x, r_k)`.

  Base classes are the means of `base.features` where these are given, else
  their templates, which suit the metric 'cosine' alone.

  Args:
    metric: D, a name of `ops.METRICS`.
    scale: :math:`s`; changes no decision.

  Returns:
    A learner that ignores its key; a classifier is its prototypes `[C + N, D]`.

  Raises:
    ValueError: an unknown metric; lists the valid ones.

  References:
    Snell et al. 2017, eqs. 1 and 2.
  """
  compare = metric_scores.metric(metric)

  def fit(key, base, support):
    del key
    means = prototypes_lib.class_means(
        support.features, support.labels, support.num_classes
    )
    return jnp.concatenate([base_means(base), means])

  return types.Learner(fit, _predictor(compare, scale))


def cross_modal_means(
    variables: Any,
    mixture: cross_modal.CrossModalMixture,
    *,
    size: int,
    base_semantics: jax.Array | None = None,
    metric: str = 'euclidean',
    scale: jax.Array | float = 1.0,
) -> types.Learner:
  """AM3: class means mixed with what their classes are called.

  An example's features are its embedding, and behind that the word vector of
  its class. Of a query only the embedding is looked at, whatever follows it.

  Args:
    variables: of the mixture, as training left them.
    mixture: in evaluation mode, with running statistics.
    size: D, how many of the features are the embedding.
    base_semantics: word vectors of the base classes, `[C, V]`, where base
      classes take part.
    metric: as in `metric_prototypes`.
    scale: likewise.

  Returns:
    A learner of support features `[S, D + V]` that ignores its key; a
    classifier is its mixed prototypes `[C + N, D]`. Fit raises ValueError for
    base classes without word vectors.

  References:
    Xing et al. 2019, eqs. 5 to 7.
  """
  compare = metric_scores.metric(metric)

  def mix(means, semantics):
    mixed: Any = mixture.apply(variables, means, semantics, train=False)
    return mixed

  def fit(key, base, support):
    del key
    means = prototypes_lib.class_means(
        support.features, support.labels, support.num_classes
    )
    novel = mix(means[:, :size], means[:, size:])
    if not base.num_classes:
      return novel
    if base_semantics is None or len(base_semantics) != base.num_classes:
      raise ValueError(
          f'AM3 needs a word vector of each of the {base.num_classes} base'
          ' classes'
      )
    return jnp.concatenate([mix(base_means(base), base_semantics), novel])

  predict = _predictor(compare, scale)
  return types.Learner(
      fit, lambda means, features: predict(means, features[..., :size])
  )


def base_means(base: types.Base) -> jax.Array:
  """Means of the base classes' features, or their templates, `[C, D]`."""
  if base.features is None or base.labels is None or not base.num_classes:
    return base.templates
  return prototypes_lib.class_means(
      base.features, base.labels, base.num_classes
  )


def _predictor(compare, scale):
  """Scores of queries `[..., D]`, whatever leads."""

  def predict(means, features):
    chex.assert_axis_dimension(features, -1, means.shape[-1])
    scores = compare(features.reshape(-1, features.shape[-1]), means)
    return scale * scores.reshape(*features.shape[:-1], len(means))

  return predict
