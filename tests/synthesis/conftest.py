"""A cGLO small enough to train in a test."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lsl_jax import models, synthesis
from lsl_jax.models import perceptual
from lsl_jax.synthesis import codes as codes_lib
from lsl_jax.synthesis import step as step_lib

SIZE, CODE, NOISE, CLASSES = 8, 6, 3, 2


@pytest.fixture(scope='session')
def measure():
  return perceptual.pyramid(2)


@pytest.fixture(scope='session')
def make_generation():
  """`make(**options)`: a `Generation` with a dense generator."""

  def make(**options):
    settings = {
        'generator': models.NoisyGenerator(
            models.DenseGenerator(size=SIZE, width=4, hidden=12)
        ),
        'classifier': models.WeakClassifier(CLASSES, width=4, depth=1),
        'noise_size': NOISE,
    }
    return synthesis.Generation(**{**settings, **options})

  return make


@pytest.fixture(scope='session')
def pool():
  """Sixteen images of two classes and their labels; two have none."""
  rng = np.random.default_rng(3)
  centres = rng.uniform(size=(CLASSES, 1, SIZE, SIZE, 3))
  images = np.clip(
      centres + 0.1 * rng.normal(size=(CLASSES, 8, SIZE, SIZE, 3)), 0, 1
  ).reshape(16, SIZE, SIZE, 3)
  labels = np.repeat(np.arange(CLASSES), 8).astype(np.int32)
  labels[[3, 12]] = -1
  return images.astype(np.float32), labels


@pytest.fixture(scope='session')
def begin(make_generation):
  """`begin(generation, parts)`: a state, and a step."""

  @functools.cache
  def initialise(generation):
    codes = jnp.zeros((2, CODE))
    return jax.jit(generation.init)(jax.random.key(1), codes)

  def start(generation, parts=2, optimizer=None, rate=0.05, **options):
    values = synthesis.sphere(jax.random.key(0), 16, CODE)
    groups = {
        name: synthesis.Group(optimizer or optax.scale(-1.0), lambda step: rate)
        for name in ('generator', 'classifier')
    }
    state = step_lib.create(
        initialise(generation),
        codes_lib.create(values, parts=parts),
        groups,
    )
    step = synthesis.make_step(
        generation, groups, code_rate=lambda step: 0.02, **options
    )
    return state, step

  return start


@pytest.fixture(scope='session')
def batch_of(pool):
  """`batch_of(rows [P, b])`: the batch of these rows."""

  def make(rows):
    rows = jnp.asarray(rows, jnp.int32)
    images, labels = (
        codes_lib.take(codes_lib.divide(jnp.asarray(array), len(rows)), rows)
        for array in pool
    )
    return synthesis.Batch(images, labels, rows)

  return make
