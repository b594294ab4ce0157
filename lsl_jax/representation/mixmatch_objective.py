"""MixMatch: guessed labels, sharpened, and mixed images.

References:
  Berthelot, Carlini, Goodfellow, Papernot, Oliver, Raffel. MixMatch: a holistic
  approach to semi-supervised learning. NeurIPS 2019.
"""

from typing import Any

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax import types

# Collections of the variables that are the objective's own.
AVERAGE, PROGRESS = 'average', 'progress'


def sharpen(probabilities: jax.Array, temperature: float = 0.5) -> jax.Array:
  r"""Lowers the entropy of distributions.

  .. math:: \frac{p_i^{1/T}}{\sum_j p_j^{1/T}}

  Args:
    probabilities: p, `[..., C]`.
    temperature: T, positive; one changes nothing.

  Returns:
    `[..., C]`.

  References:
    Berthelot et al. 2019, eq. 7.

  >>> sharper = sharpen(jnp.array([0.75, 0.25]))  # 9 to 1
  >>> [round(float(p), 3) for p in sharper]
  [0.9, 0.1]
  """
  # In logarithms, so that small ones are not rounded to zero.
  logs = jnp.log(jnp.maximum(probabilities, 1e-30))
  return jax.nn.softmax(logs / temperature)


def mixup_share(key: types.Key, count: int, alpha: float = 0.75) -> jax.Array:
  r"""How much of itself each example keeps: at least a half, `[count]`.

  :math:`\lambda' = \max(\lambda, 1 - \lambda)` with
  :math:`\lambda \sim Beta(\alpha, \alpha)` (eqs. 8 and 9).
  """
  share = jax.random.beta(key, alpha, alpha, (count,))
  return jnp.maximum(share, 1 - share)


def mixmatch(
    network: nn.Module,
    *,
    views: int = 2,
    temperature: float = 0.5,
    alpha: float = 0.75,
    unlabelled_weight: float = 75.0,
    ramp_steps: int = 1,
    average: float = 0.999,
) -> types.Representation:
  r"""Trains on labelled and unlabelled images together.

  .. math:: \frac1B \sum_{X'} H(p, f(x)) + \lambda_U \frac{1}{K B C}
      \sum_{U'} \lVert q - f(u) \rVert^2

  The labels q of unlabelled images are guessed: the sharpened mean of the
  network's distributions over K views of each. Then all images and labels are
  mixed with those of others, in shares of which their own is the larger (eqs.
  2 to 11).

  A batch consists of groups of 1 + K images, one group after another: a
  labelled image, then K views of an unlabelled one, whose entries among the
  labels are not read. Without unlabelled images, the labelled ones take their
  place. Batch statistics are those of the whole mixed batch, where the authors'
  program interleaves it into parts; mixing partners come from the same device
  under pmap.

  Evaluation uses running averages of the parameters. They live in the
  variables' collection `average`, and lag one step behind.

  Args:
    network: see `objective.representation`.
    views: K.
    temperature: T, see `sharpen`.
    alpha: of the mixing shares.
    unlabelled_weight: :math:`\lambda_U`, reached at the end of the ramp.
    ramp_steps: steps over which it rises from zero.
    average: how much of their past the averages keep.

  Returns:
    A representation with the metrics `loss`, `labelled`, `unlabelled` (both
    without weights) and `accuracy`, on the mixed labelled images.

  Raises:
    ValueError: in the loss, a batch that is not made of groups.
  """

  def init(key, images):
    variables = dict(network.init(key, images, train=False))
    copy = jax.tree.map(jnp.array, variables['params'])
    progress = {'steps': jnp.zeros((), jnp.int32)}
    return {**variables, AVERAGE: copy, PROGRESS: progress}

  def loss(params, model_state, batch, key):
    if len(batch.images) % (1 + views):
      raise ValueError(
          f'a batch of {len(batch.images)} is not made of groups of a labelled'
          f' image and {views} views of an unlabelled one'
      )
    own = {
        name: value
        for name, value in model_state.items()
        if name not in (AVERAGE, PROGRESS)
    }
    guess_key, share_key, order_key, train_key = jax.random.split(key, 4)
    groups = batch.images.reshape(-1, 1 + views, *batch.images.shape[1:])
    count = len(groups)
    labelled, unlabelled = groups[:, 0], groups[:, 1:]
    unlabelled = unlabelled.reshape(-1, *batch.images.shape[1:])
    num_classes = jax.eval_shape(
        lambda: network.apply(
            {'params': params, **own}, labelled[:1], train=False
        )
    )['logits'].shape[-1]
    labels = batch.labels.reshape(-1, 1 + views)[:, 0]
    targets = jax.nn.one_hot(labels, num_classes)

    # Guesses carry no gradient, and leave no trace in the statistics.
    guesses, _ = _forward(network, params, own, unlabelled, guess_key)
    guesses = jax.nn.softmax(guesses).reshape(count, views, num_classes)
    guesses = sharpen(jnp.mean(guesses, axis=1), temperature)
    guesses = jax.lax.stop_gradient(jnp.repeat(guesses, views, axis=0))

    images = jnp.concatenate([labelled, unlabelled])
    targets = jnp.concatenate([targets, guesses])
    order = jax.random.permutation(order_key, len(images))
    share = mixup_share(share_key, len(images), alpha)
    mix = lambda x: _mix(x, x[order], share)
    logits, new_state = _forward(network, params, own, mix(images), train_key)
    targets = mix(targets)

    log_probabilities = jax.nn.log_softmax(logits)
    supervised = -jnp.mean(
        jnp.sum(targets[:count] * log_probabilities[:count], -1)
    )
    errors = jnp.exp(log_probabilities[count:]) - targets[count:]
    consistency = jnp.mean(jnp.square(errors))
    steps = model_state[PROGRESS]['steps']
    ramp = jnp.clip(steps.astype(jnp.float32) / ramp_steps, 0.0, 1.0)
    value = supervised + unlabelled_weight * ramp * consistency
    new_state = {
        **new_state,
        AVERAGE: jax.lax.stop_gradient(
            jax.tree.map(
                lambda old, new: average * old + (1 - average) * new,
                model_state[AVERAGE],
                params,
            )
        ),
        PROGRESS: {'steps': steps + 1},
    }
    correct = jnp.argmax(logits[:count], -1) == jnp.argmax(targets[:count], -1)
    return value, (
        new_state,
        {
            'loss': value,
            'labelled': supervised,
            'unlabelled': consistency,
            'accuracy': jnp.mean(correct),
        },
    )

  def embed(variables, images):
    averaged = {
        name: value
        for name, value in variables.items()
        if name not in (AVERAGE, PROGRESS)
    }
    averaged['params'] = variables[AVERAGE]
    outputs: Any = network.apply(averaged, images, train=False)
    return outputs

  def logits(variables, images):
    return embed(variables, images)['logits']

  return types.Representation(init, loss, embed, logits)


def _forward(network, params, model_state, images, key):
  outputs, new_state = network.apply(
      {'params': params, **model_state},
      images,
      train=True,
      mutable=list(model_state),
      rngs={'dropout': key},
  )
  return outputs['logits'], new_state


def _mix(ours, theirs, share):
  chex.assert_equal_shape([ours, theirs])
  share = share.reshape(-1, *[1] * (ours.ndim - 1))
  return share * ours + (1 - share) * theirs
