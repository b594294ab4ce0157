"""Training with images made inside the step: what it keeps in memory."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from lsl_jax import synthesis, training, types

BATCH, SIZE, CODE, CLASSES = 32, 8, 4, 2
# Takes fewer operations than others, thus less time to compile.
_KEY = jax.random.key(0, impl='unsafe_rbg')
_PIXELS = SIZE * SIZE * 3


def _loss(params, model_state, batch, key):
  """Of a linear classifier."""
  del key
  logits = batch.images.reshape(len(batch.images), -1) @ params['kernel']
  losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch.labels)
  return losses.mean(), (model_state, {})


def _generate(variables, codes, key):
  del key
  return (codes @ variables['weight']).reshape(len(codes), SIZE, SIZE, 3)


def test_a_step_holds_one_batch_of_new_images_whatever_the_number_of_codes():
  count = 2**16
  codes = np.random.default_rng(0).normal(size=(count, CODE)).astype(np.float32)
  bank = synthesis.make_bank(codes, np.arange(count) % CLASSES, CLASSES)
  representation = synthesis.with_synthesis(
      types.Representation(None, _loss, None, None),
      generate=_generate,
      present=lambda key, images: images,
  )
  optimizer = optax.sgd(0.1)
  step = training.make_step(representation.loss, optimizer)
  state = training.TrainState.create(
      {'params': {'kernel': jnp.zeros((_PIXELS, CLASSES))}}, optimizer
  )
  batch = types.Batch(jnp.zeros((BATCH, SIZE, SIZE, 3)), jnp.arange(BATCH))
  generator = {'weight': jnp.ones((CODE, _PIXELS))}
  program = (
      jax.jit(step, donate_argnums=0)
      .lower(state, batch, _KEY, generator, bank)
      .compile()
  )
  memory = program.memory_analysis()
  size = lambda tree: sum(leaf.nbytes for leaf in jax.tree.leaves(tree))
  images = size(batch.images)
  assert size(bank) > 50 * images
  # There is room for the images that are made and for those that they are mixed
  # with. None is handed on to the next step, which gets the state alone, so
  # that memory does not grow with the number of those that were made.
  assert images <= memory.temp_size_in_bytes <= 4 * images
  assert memory.output_size_in_bytes - size(state) < images / 10
