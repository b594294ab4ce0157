"""Networks whose training steps are measured, with data to train on."""

from typing import Any, NamedTuple


class Network(NamedTuple):
  """What is trained: a backbone and the shape of its data."""

  backbone: str
  options: dict[str, Any]
  size: int
  batch: int
  classes: int
  steps: int  # that are timed together


NETWORKS = {
    # The main job's, and its learners' that see larger batches.
    'conv4-32 at 32': Network('conv4', {'width': 32}, 32, 32, 240, 20),
    'conv4-32 at 32, batch 128': Network(
        'conv4', {'width': 32}, 32, 128, 240, 8
    ),
    'conv4-64 at 32': Network('conv4', {'width': 64}, 32, 64, 240, 6),
    'conv4-64 at 84': Network('conv4', {'width': 64}, 84, 16, 64, 4),
    'resnet10 at 84': Network('resnet10', {}, 84, 16, 64, 2),
    'tiny': Network('conv4', {'width': 16, 'depth': 2}, 10, 4, 3, 1),
}


def make(network: Network):
  """Executor, and state and batch on its devices."""
  # JAX reads its flags when it is imported: not before the caller set them.
  import jax
  import jax.numpy as jnp
  import numpy as np

  from lsl_jax import models, representation, training, types

  softmax = representation.softmax(
      models.build(
          {
              'backbone': network.backbone,
              'options': network.options,
              'num_classes': network.classes,
              'embedding': 64,
          }
      )
  )
  optimizer = training.optimizer.make(
      {'name': 'sgd', 'learning_rate': 0.05, 'momentum': 0.9},
      steps_per_epoch=100,
      num_steps=1000,
  )
  executor = training.executor.make('jit', softmax.loss, optimizer)
  size = network.size
  variables = jax.jit(softmax.init)(
      jax.random.key(0), jnp.zeros((1, size, size, 3))
  )
  state = training.TrainState.create(jax.device_get(variables), optimizer)
  rng = np.random.default_rng(0)
  shape = (network.batch, size, size, 3)
  batch = types.Batch(
      jnp.asarray(rng.uniform(-1, 1, shape), jnp.float32),
      jnp.asarray(rng.integers(0, network.classes, shape[0]), jnp.int32),
  )
  return executor, executor.put_state(state), executor.put_batch(batch)
