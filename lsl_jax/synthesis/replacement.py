"""Training with images that are made while it goes on.

References:
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020, section 4.2.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.synthesis import sampling

Generate = Callable[[types.Variables, jax.Array, types.Key], jax.Array]
Present = Callable[[types.Key, jax.Array], jax.Array]


def with_synthesis(
    representation: types.Representation,
    *,
    generate: Generate,
    present: Present,
    probability: float = 0.5,
    per_batch: bool = False,
    **between: Any,
) -> types.Representation:
  """Replaces training images by new ones of their class, inside the step.

  Each image of a batch is replaced with a probability by a generated one whose
  code lies between its own and that of another image of its class. No image is
  kept: memory does not depend on how many have been made.

  Batches of the result hold, in place of labels, numbers of images in the bank;
  its loss takes two arguments more, the generator's variables and a
  `sampling.Bank`, neither of which is trained.

  Args:
    representation: what is trained, on images as `present` gives them.
    generate: `(variables, codes, key) -> images` in 0 .. 1, such as
      `Generation.generate`.
    present: `(key, images in 0 .. 1) -> images` as the network takes them,
      augmented and normalised as real ones are.
    probability: with which an image is replaced.
    per_batch: decide for the whole batch at once, as in the authors' program.
    **between: see `sampling.between`.

  Returns:
    The representation, with the further metric `synthetic`, the share of the
    batch that was replaced.

  Raises:
    ValueError: a probability out of range.
  """
  if not 0 <= probability <= 1:
    raise ValueError(f'a probability lies in 0 .. 1, not at {probability}')

  def synthesise(key, images, variables, bank):
    code_key, noise_key, present_key = jax.random.split(key, 3)
    codes = sampling.between(code_key, bank, images, **between)
    return present(present_key, generate(variables, codes, noise_key))

  def loss(params, model_state, batch, key, variables, bank):
    numbers = batch.labels
    coin_key, new_key, loss_key = jax.random.split(key, 3)
    shape = () if per_batch else numbers.shape
    replaced = jax.random.bernoulli(coin_key, probability, shape)
    if per_batch:
      images = jax.lax.cond(
          replaced,
          lambda: synthesise(new_key, numbers, variables, bank).astype(
              batch.images.dtype
          ),
          lambda: batch.images,
      )
    else:
      images = jnp.where(
          replaced[:, None, None, None],
          synthesise(new_key, numbers, variables, bank),
          batch.images,
      )
    value, (new_state, metrics) = representation.loss(
        params,
        model_state,
        types.Batch(images, bank.labels[numbers]),
        loss_key,
    )
    share = jnp.mean(replaced.astype(jnp.float32))
    return value, (new_state, {**metrics, 'synthetic': share})

  return representation._replace(loss=loss)
