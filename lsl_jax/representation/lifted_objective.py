"""Lifted structure: embeddings trained by all pairs of the global batch.

References:
  Oh Song, Xiang, Jegelka, Savarese. Deep metric learning via lifted structured
  feature embedding. CVPR 2016.
  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018.
"""

from flax import linen as nn
import jax

from lsl_jax import losses, types
from lsl_jax.representation import objective


def lifted_structure(
    network: nn.Module, *, margin: float = 1.0, axis_name: str | None = None
) -> types.Representation:
  """Trains embeddings by the lifted structured loss (section 6.3, figure 6).

  A batch must hold several images of a class, or there is nothing to pull
  together. The classifier is not trained: imprint base templates too before
  using them.

  Args:
    network: see `objective.representation`.
    margin: see `losses.lifted_structure`.
    axis_name: mapped axis over which the batch is divided (pmap), or None,
      under jit, where the batch is global as it is.

  Returns:
    A representation with the metric `loss`.
  """

  def over_all_pairs(params, outputs, labels):
    del params
    embeddings = outputs['embedding']
    if axis_name is not None:
      # Every device sees all pairs. The gather's transpose sums over the n
      # devices, which the step's mean of gradients divides by n again.
      embeddings, labels = jax.lax.all_gather(
          (embeddings, labels), axis_name, tiled=True
      )
    value = losses.lifted_structure(embeddings, labels, margin=margin)
    return value, {'loss': value}

  return objective.representation(network, over_all_pairs)
