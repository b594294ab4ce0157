"""The cosine loss as an objective: for few images, without pretraining.

References:
  Barz, Denzler. Deep learning on small datasets without pre-training using
  cosine loss. WACV 2020.
"""

from flax import linen as nn
import jax.numpy as jnp

from lsl_jax import losses, types
from lsl_jax.representation import objective


def cosine(
    network: nn.Module, *, cross_entropy: float = 0.0
) -> types.Representation:
  r"""Trains outputs to point along the axis of their class.

  .. math:: \frac1B \sum_b 1 - \cos(f(x_b), e_{y_b}) + \lambda L_{CE}

  The outputs are the network's logits, of which the largest still decides.
  Barz and Denzler's second loss has its softmax on a layer of its own; here it
  is on the same outputs.

  Args:
    network: see `objective.representation`.
    cross_entropy: lambda; the paper's second loss has 0.1.

  Returns:
    A representation with the metrics `loss`, `cosine` (the mean loss without
    the cross-entropy) and `accuracy`.
  """

  def mean_cosine(params, outputs, labels):
    del params
    logits = outputs['logits']
    distance = jnp.mean(losses.cosine_loss(logits, labels))
    value = distance
    if cross_entropy:
      value = value + cross_entropy * jnp.mean(
          losses.cross_entropy(logits, labels)
      )
    correct = jnp.argmax(logits, axis=-1) == labels
    return value, {
        'loss': value,
        'cosine': distance,
        'accuracy': jnp.mean(correct),
    }

  return objective.representation(network, mean_cosine)
