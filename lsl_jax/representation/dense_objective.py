"""Dense classification: one classifier for all positions of the feature map.

References:
  Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
  few-shot learning. CVPR 2019.
"""

from flax import linen as nn
import jax.numpy as jnp

from lsl_jax import losses, types
from lsl_jax.ops import pooling, similarity
from lsl_jax.representation import objective


def dense(
    network: nn.Module, *, positions: str = 'sum'
) -> types.Representation:
  r"""Trains a network to classify correctly at every position.

  The cosine classifier's rows and scale are shared by all positions:

  .. math:: J = \sum_i \sum_k \ell\big(\sigma(
      [\tau \cos(\phi^{(k)}(x_i), w_j)]_j), y_i\big)   \quad (9), (10)

  here the mean over the images of the batch. Predictions in evaluation mode
  (`logits`) are those of averaged features.

  Args:
    network: see `objective.representation`; without an embedding layer, and
      with a cosine classifier, since it reads the map itself.
    positions: see `losses.dense_cross_entropy`.

  Returns:
    A representation with the metrics `loss`, in nats; `accuracy`, the share of
    the batch that averaged features classify correctly; and `dense_accuracy`,
    the share of all positions.
  """

  def mean_loss(params, outputs, labels):
    features = pooling.dense(outputs['map'])
    classifier = params['classifier']
    logits = similarity.cosine_logits(
        features, classifier['templates'], classifier['scale']
    )
    value = jnp.mean(
        losses.dense_cross_entropy(logits, labels, positions=positions)
    )
    return value, {
        'loss': value,
        'accuracy': jnp.mean(jnp.argmax(outputs['logits'], -1) == labels),
        'dense_accuracy': jnp.mean(jnp.argmax(logits, -1) == labels[:, None]),
    }

  return objective.representation(network, mean_loss)
