"""Multiverse: several orthogonal classifiers teach the same features.

References:
  Littwin, Wolf. The multiverse loss for robust transfer learning. CVPR 2016.
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 5.2 (comparison).
"""

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax import losses, types
from lsl_jax.representation import objective


def multiverse(
    network: nn.Module, *, weight: float, classifier: str = 'classifier'
) -> types.Representation:
  r"""Trains a network by the cross-entropies of all heads, kept orthogonal.

  .. math:: \frac1H \sum_h L(W_h, \phi(x), y) + \lambda \frac1C \sum_c
      \sum_{r < s} |w_{rc}^\top w_{sc}|

  Args:
    network: with a `models.MultiverseClassifier`; its logits are those of the
      first head.
    weight: :math:`\lambda`.
    classifier: name of the parameters that hold `templates` `[C, D]` of the
      first head and `others` `[H - 1, C, D]`.

  Returns:
    A representation with the metrics `loss`, `cross_entropy` (mean over heads),
    `penalty` and `accuracy`, that of the first head.

  Raises:
    ValueError: a negative weight.
  """
  if weight < 0:
    raise ValueError(
        f'the multiverse penalty has a weight from 0, not {weight}'
    )

  def over_heads(params, outputs, labels):
    rows = params[classifier]
    weights = jnp.concatenate([rows['templates'][None], rows['others']])
    logits = jnp.einsum('bd,hcd->hbc', outputs['embedding'], weights)
    each = jax.vmap(losses.cross_entropy, (0, None))(logits, labels)
    cross_entropy = jnp.mean(each)
    penalty = jnp.mean(losses.multiverse(weights))
    value = cross_entropy + weight * penalty
    correct = jnp.argmax(outputs['logits'], axis=-1) == labels
    return value, {
        'loss': value,
        'cross_entropy': cross_entropy,
        'penalty': penalty,
        'accuracy': jnp.mean(correct),
    }

  return objective.representation(network, over_heads)
