"""What all objectives share: a network's outputs in, a scalar to lower out."""

from collections.abc import Callable
from typing import Any

from flax import linen as nn
import jax

from lsl_jax import types

Outputs = dict[str, jax.Array]
Objective = Callable[
    [Any, Outputs, jax.Array], tuple[jax.Array, dict[str, jax.Array]]
]


def representation(
    network: nn.Module, objective: Objective
) -> types.Representation:
  """Joins a network with the objective that trains it.

  Args:
    network: applied as `network.apply(variables, images, train=...)`, it
      returns `map`, `pooled`, `embedding` and `logits`.
    objective: `(params, outputs, labels) -> (scalar, metrics)`.

  Returns:
    Functions of phase 1. The key of a loss feeds the network's dropout.
  """

  def init(key, images):
    return network.init(key, images, train=False)

  def loss(params, model_state, batch, key):
    outputs, new_state = network.apply(
        {'params': params, **model_state},
        batch.images,
        train=True,
        mutable=list(model_state),
        rngs={'dropout': key},
    )
    value, metrics = objective(params, outputs, batch.labels)
    return value, (new_state, metrics)

  def embed(variables, images) -> Outputs:
    outputs: Any = network.apply(variables, images, train=False)
    return outputs

  def logits(variables, images):
    return embed(variables, images)['logits']

  return types.Representation(init, loss, embed, logits)
