"""What training is for: a code becomes its image, and its class is seen."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from lsl_jax import models, synthesis
from lsl_jax.models import perceptual
from lsl_jax.synthesis import step as step_lib


def _squares():
  """Eight pictures of 8 x 8: a bright square at one of eight places."""
  images = np.full((8, 8, 8, 3), 0.1, np.float32)
  for number, image in enumerate(images):
    row, column = divmod(number, 4)
    image[1 + 4 * row : 4 + 4 * row, 2 * column : 2 * column + 2] = 0.9
  return images


def test_every_code_becomes_its_image_and_its_class_is_seen():
  images, labels = _squares(), np.arange(8) // 4
  generation = synthesis.Generation(
      generator=models.NoisyGenerator(
          models.ConvolutionalGenerator(size=8, width=16)
      ),
      classifier=models.WeakClassifier(2, width=4),
      noise_size=4,
  )
  group = synthesis.Group(optax.scale_by_adam(b1=0.5), lambda step: -5e-3)
  codes = synthesis.sphere(jax.random.key(0), 8, 6)
  state = step_lib.create(
      jax.jit(generation.init)(jax.random.key(1), codes[:2]),
      synthesis.codes.create(codes),
      {'generator': group, 'classifier': group},
  )
  step = jax.jit(
      synthesis.make_step(
          generation,
          {'generator': group, 'classifier': group},
          code_rate=lambda step: 0.02,
      )
  )
  batch = synthesis.Batch(
      jnp.asarray(images)[None],
      jnp.asarray(labels, jnp.int32)[None],
      jnp.arange(8, dtype=jnp.int32)[None],
  )
  render = jax.jit(generation.generate)

  def errors(state):
    """Mean absolute differences, `[generated, real]`."""
    made = np.asarray(
        render(
            state.variables,
            synthesis.codes.join(state.codes.values, 8),
            jax.random.key(2),
        )
    )
    return np.abs(made[:, None] - images[None]).mean((2, 3, 4))

  before = errors(state)
  for _ in range(300):
    state, metrics = step(
        state, batch, jax.random.key(3), perceptual.pyramid(3)
    )
  after = errors(state)
  assert np.mean(np.diag(before)) > 0.2
  assert np.max(np.diag(after)) < 0.08
  np.testing.assert_array_equal(after.argmin(1), np.arange(8))
  assert metrics['accuracy'] == 1
