"""One-vs-all logistic classifiers of all classes, drawn to given targets.

References:
  Wang, Hebert. Learning to learn: model regression networks for easy small
  sample learning. ECCV 2016 (classifiers that are regularised towards others).
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.4.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from lsl_jax import types
from lsl_jax.lowshot import descent

Draw = Callable[[types.Key], tuple[jax.Array, jax.Array]]


def descend(
    key: types.Key,
    draw: Draw,
    targets: jax.Array,
    *,
    iterations: int,
    learning_rate: jax.Array | float,
    weight_decay: jax.Array | float,
    momentum: float = 0.9,
    dampening: float = 0.9,
) -> jax.Array:
  r"""Trains a binary classifier a class, all on the same batches.

  .. math:: \min_W \sum_c \operatorname{mean}_i \log(1 + e^{-s_{ic}
      w_c^\top \tilde x_i}) + \frac{\delta}{2} \lVert W - T \rVert^2

  with :math:`s_{ic} = 1` for examples of class c, else -1, and a one appended
  to every :math:`x`. With targets of zero it is weight decay. Starts there.

  Args:
    key: of the batches.
    draw: `key -> (features [B, D], labels [B])`.
    targets: T, `[C, D + 1]`.
    iterations: steps of SGD.
    learning_rate: constant.
    weight_decay: :math:`\delta`.
    momentum: see `descent.descend`.
    dampening: see `descent.descend`.

  Returns:
    W, `[C, D + 1]`, the bias last.
  """

  def loss(weights, step):
    features, labels = draw(jax.random.fold_in(key, step))
    scores = append_one(features) @ weights.T
    own = jax.nn.one_hot(labels, weights.shape[0])
    losses = optax.sigmoid_binary_cross_entropy(scores, own)
    apart = jnp.sum(jnp.square(weights - targets))
    return jnp.mean(jnp.sum(losses, -1)) + 0.5 * weight_decay * apart

  weights, _ = descent.descend(
      jax.value_and_grad(loss),
      targets,
      iterations=iterations,
      learning_rate=learning_rate,
      momentum=momentum,
      dampening=dampening,
  )
  return weights


def append_one(features: jax.Array) -> jax.Array:
  """A one after the features, which makes the last weight a bias."""
  ones = jnp.ones((*features.shape[:-1], 1), jnp.float32)
  return jnp.concatenate([features.astype(jnp.float32), ones], -1)
