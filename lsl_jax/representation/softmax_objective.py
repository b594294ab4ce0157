"""Softmax: the classifier's cross-entropy, whatever its head.

References:
  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018.
"""

from flax import linen as nn
import jax.numpy as jnp

from lsl_jax import losses, types
from lsl_jax.representation import objective


def softmax(network: nn.Module) -> types.Representation:
  r"""Trains a network by the cross-entropy of its logits.

  With a cosine head this is the paper's model (section 4.1), with a plain
  linear head on embeddings that are not normalised its AllClassJoint
  (section 6.2).

  Args:
    network: see `objective.representation`.

  Returns:
    A representation with the metrics `loss`, in nats, and `accuracy`, the share
    of the batch whose highest logit is that of its label.
  """

  def mean_cross_entropy(params, outputs, labels):
    del params
    logits = outputs['logits']
    value = jnp.mean(losses.cross_entropy(logits, labels))
    correct = jnp.argmax(logits, axis=-1) == labels
    return value, {'loss': value, 'accuracy': jnp.mean(correct)}

  return objective.representation(network, mean_cross_entropy)
