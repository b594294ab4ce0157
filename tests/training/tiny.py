"""A model with batch statistics, its data and its run: small, and seeded.

Tests get this module as a fixture; the programs that tests start import it.
"""

import functools
import itertools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from lsl_jax import training, types
from lsl_jax.training import executor as executor_lib
from lsl_jax.training import optimizer, sharding

BATCH = 16
STEPS_PER_EPOCH = 4
SGD = {'name': 'sgd', 'learning_rate': 0.3}
MOMENTUM = {
    'name': 'sgd',
    'learning_rate': 0.1,
    'momentum': 0.9,
    'weight_decay': 1e-3,
}


class Net(nn.Module):
  """Convolution, batch normalisation, pooling, classifier."""

  axis_name: str | None = None

  @nn.compact
  def __call__(self, images, train):
    x = nn.Conv(4, (3, 3), use_bias=False, name='stem')(images)
    x = nn.BatchNorm(
        not train, momentum=0.9, axis_name=self.axis_name, name='norm'
    )(x)
    return nn.Dense(3, name='head')(nn.relu(x).mean((1, 2)))


@functools.cache
def variables():
  images = jnp.zeros((1, 6, 6, 3))
  init = jax.jit(Net().init, static_argnums=2)
  return jax.device_get(init(jax.random.key(0), images, False))


def make_loss(axis_name=None, calls=None):
  """Cross-entropy; `calls` collects one entry each time it is traced."""

  def loss(params, model_state, batch, key):
    if calls is not None:
      calls.append(key)
    logits, model_state = Net(axis_name).apply(
        {'params': params, **model_state},
        batch.images,
        True,
        mutable=['batch_stats'],
    )
    value = optax.softmax_cross_entropy_with_integer_labels(
        logits, batch.labels
    ).mean()
    accuracy = jnp.mean(jnp.argmax(logits, -1) == batch.labels)
    return value, (model_state, {'accuracy': accuracy})

  return loss


def batch(step):
  """The global batch of a step; its mean differs between its parts."""
  rng = np.random.default_rng((7, step))
  labels = rng.integers(0, 3, BATCH).astype(np.int32)
  noise = rng.normal(size=(BATCH, 6, 6, 3)) + np.linspace(-1, 1, BATCH).reshape(
      -1, 1, 1, 1
  )
  images = noise + 0.5 * labels[:, None, None, None]
  return types.Batch(images.astype(np.float32), labels)


def batches(start_step):
  return (batch(step) for step in itertools.count(start_step))


def make(name='jit', *, devices=1, recipe=SGD, calls=None, num_steps=8):
  """An executor and the state before the first step."""
  update = optimizer.make(
      recipe, steps_per_epoch=STEPS_PER_EPOCH, num_steps=num_steps
  )
  executor = executor_lib.make(
      name,
      make_loss(training.AXIS_NAMES[name], calls),
      update,
      mesh=sharding.mesh(jax.devices()[:devices]),
  )
  return executor, training.TrainState.create(variables(), update)


def fit(name='jit', *, devices=1, recipe=SGD, calls=None, **settings):
  """A whole run of eight steps, unless told otherwise."""
  settings = {'num_steps': 8, 'batches': batches, **settings}
  executor, state = make(
      name,
      devices=devices,
      recipe=recipe,
      calls=calls,
      num_steps=settings['num_steps'],
  )
  return training.fit(executor, state, key=jax.random.key(1), **settings)


def leaves(state):
  """The arrays of a state by name."""
  paths, _ = jax.tree_util.tree_flatten_with_path(state)
  return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in paths}
