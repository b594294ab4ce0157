"""Softmax and a penalty on features: representations for low-shot learning.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017.
"""

from collections.abc import Callable, Mapping

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax import losses, types
from lsl_jax.representation import objective

Penalty = Callable[[jax.Array, jax.Array, jax.Array, str | None], jax.Array]


def _sgm(features, logits, labels, axis_name):
  del axis_name  # the mean over devices is that over the batch
  return jnp.mean(losses.sgm(features, logits, labels))


def _batch_sgm(features, logits, labels, axis_name):
  return losses.batch_sgm(features, logits, labels, axis_name=axis_name)


def _l2(features, logits, labels, axis_name):
  del logits, labels, axis_name
  return jnp.mean(losses.feature_l2(features))


def _l1(features, logits, labels, axis_name):
  del logits, labels, axis_name
  return jnp.mean(losses.feature_l1(features))


def _decov(features, logits, labels, axis_name):
  del logits, labels
  return losses.decov(features, axis_name=axis_name)


REGULARISERS: Mapping[str, Penalty] = {
    'sgm': _sgm,
    'batch_sgm': _batch_sgm,
    'l2': _l2,
    'l1': _l1,
    'decov': _decov,
}


def regularised_softmax(
    network: nn.Module,
    *,
    regulariser: str,
    weight: float,
    axis_name: str | None = None,
) -> types.Representation:
  r"""Trains a network by cross-entropy and a penalty on its features.

  .. math:: \frac{1}{B} \sum_b -\log p_{y_b}
      + \lambda \, \Omega(\Phi, W)

  Features are what enters the classifier, `embedding` among the network's
  outputs. In the paper they are the pooled activations, and the classifier is
  linear without a bias; 'sgm' and 'batch_sgm' are norms of its gradient only
  then.

  Args:
    network: see `objective.representation`.
    regulariser: :math:`\Omega`, a name of `REGULARISERS`: 'sgm' (eq. 10),
      'batch_sgm', 'l2' (eq. 12), 'l1' (eq. 13) or 'decov'; each is the mean
      over the batch where it is a sum of its examples' penalties.
    weight: :math:`\lambda`, not negative. The paper chooses it by
      cross-validation; the authors' program has 0.02 for SGM with ResNet-10
      and 0.005 with ResNet-50, 5 for batch SGM, and 0.03 for half of L2.
    axis_name: mapped axis over which the batch is divided (pmap), or None,
      under jit, where the batch is global as it is.

  Returns:
    A representation with the metrics `loss` (the sum), `cross_entropy` in nats,
    `penalty` (without its weight) and `accuracy`.

  Raises:
    ValueError: the regulariser is unknown, or the weight negative.
  """
  if regulariser not in REGULARISERS:
    raise ValueError(
        f'unknown regulariser {regulariser!r}; valid ones:'
        f' {", ".join(REGULARISERS)}'
    )
  if not weight >= 0:
    raise ValueError(f'a regulariser needs a weight from 0 on, not {weight}')
  omega = REGULARISERS[regulariser]

  def regularised(params, outputs, labels):
    del params
    logits = outputs['logits']
    cross_entropy = jnp.mean(losses.cross_entropy(logits, labels))
    penalty = omega(outputs['embedding'], logits, labels, axis_name)
    value = cross_entropy + weight * penalty
    correct = jnp.argmax(logits, axis=-1) == labels
    return value, {
        'loss': value,
        'cross_entropy': cross_entropy,
        'penalty': penalty,
        'accuracy': jnp.mean(correct),
    }

  return objective.representation(network, regularised)
