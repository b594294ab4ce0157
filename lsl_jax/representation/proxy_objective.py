"""Proxy-NCA: the classifier's templates are the proxies of the embeddings.

References:
  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018.
"""

from flax import linen as nn
import jax.numpy as jnp

from lsl_jax import losses, types
from lsl_jax.representation import objective


def proxy_nca(
    network: nn.Module, *, scale: float = 1.0, classifier: str = 'classifier'
) -> types.Representation:
  """Trains embeddings by Proxy-NCA, with one proxy a class (section 3.1).

  The classifier's own scale is not trained; it has no part in the loss.

  Args:
    network: see `objective.representation`.
    scale: of squared distances, see `losses.proxy_nca`.
    classifier: name of the parameters that hold `templates` `[C, D]`.

  Returns:
    A representation with the metrics `loss`, in nats, and `accuracy`, the share
    of the batch whose nearest proxy is that of its class (by the logits of a
    cosine head).
  """

  def mean_proxy_nca(params, outputs, labels):
    proxies = params[classifier]['templates']
    value = jnp.mean(
        losses.proxy_nca(outputs['embedding'], proxies, labels, scale=scale)
    )
    correct = jnp.argmax(outputs['logits'], axis=-1) == labels
    return value, {'loss': value, 'accuracy': jnp.mean(correct)}

  return objective.representation(network, mean_proxy_nca)
