"""Triplets of a batch: a network taught by distances alone.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 5.3 and section 6.2.
"""

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax import losses, types
from lsl_jax.representation import objective


def triplet(
    network: nn.Module,
    *,
    margin: float,
    negatives: str = 'semi_hard',
    axis_name: str | None = None,
) -> types.Representation:
  """Trains embeddings by the triplet loss, mined within the global batch.

  The paper starts from a network that softmax has trained. The classifier
  keeps what it was given; a batch must hold several images of a class.

  Args:
    network: see `objective.representation`.
    margin: see `losses.triplet`.
    negatives: see `losses.mine_triplets`.
    axis_name: mapped axis over which the batch is divided (pmap), or None,
      under jit, where the batch is global as it is.

  Returns:
    A representation with the metrics `loss`, in units of distance, `active`,
    the share of triplets that have a loss, and `length`, the mean length of the
    embeddings.
  """

  def over_triplets(params, outputs, labels):
    del params
    embeddings = outputs['embedding']
    if axis_name is not None:
      # The gather's transpose sums over the n devices, which the step's mean of
      # gradients divides by n again.
      embeddings, labels = jax.lax.all_gather(
          (embeddings, labels), axis_name, tiled=True
      )
    mined = losses.mine_triplets(embeddings, labels, negatives=negatives)
    each = losses.triplet(
        embeddings[mined.anchor],
        embeddings[mined.positive],
        embeddings[mined.negative],
        margin=margin,
    )
    each = jnp.where(mined.valid, each, 0)
    number = jnp.maximum(jnp.sum(mined.valid), 1)
    value = jnp.sum(each) / number
    return value, {
        'loss': value,
        'active': jnp.sum(each > 0) / number,
        'length': jnp.mean(jnp.linalg.norm(embeddings, axis=-1)),
    }

  return objective.representation(network, over_triplets)
