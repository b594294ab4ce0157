"""Matching networks without contextual embeddings: attention by cosines.

References:
  Vinyals et al. Matching networks for one shot learning. NeurIPS 2016.
"""

import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.ops import attention


def cosine_matching(*, scale: jax.Array | float = 10.0) -> types.Learner:
  r"""A query belongs to the classes of the examples that it is like.

  .. math:: z_c = \log \sum_{i: y_i = c} a_i, \qquad
      a = \mathrm{softmax}_i(s \cos(f(x), f(x_i)))

  A base class, where there are any, is one example: its template.

  Args:
    scale: :math:`s`, that of training.

  Returns:
    A learner that ignores its key; its logits are log-probabilities. A
    classifier is the examples `[S', D]`, and which class each is of
    `[S', C + N]`.

  References:
    Vinyals et al. 2016, eqs. 1 and 2.
  """

  def fit(key, base, support):
    del key
    num_classes = base.num_classes + support.num_classes
    labels = jnp.concatenate(
        [
            jnp.arange(base.num_classes),
            support.labels + base.num_classes,
        ]
    )
    examples = jnp.concatenate([base.templates, support.features])
    return examples, labels[:, None] == jnp.arange(num_classes)[None]

  def predict(classifier, features):
    examples, members = classifier
    logits = attention.attention_by_class(
        features.reshape(-1, features.shape[-1]),
        examples,
        members,
        scale=scale,
    )
    return logits.reshape(*features.shape[:-1], members.shape[1])

  return types.Learner(fit, predict)
