"""What the classifier sees of generated images that are larger than its own."""

import functools
import types as std_types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import synthesis, types
from lsl_jax.pipeline.cglo import cglo
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.studies import small_sample_objective

RESIZE, SIZE = 20, 16
PROBLEM = std_types.SimpleNamespace(num_classes=2)


@pytest.fixture
def config(get_config):
  """Photographs' kind of sizes; every image is replaced by a generated one."""
  config = get_config('cglo_cub:smoke')
  config.data.resize, config.data.size = RESIZE, SIZE
  config.cglo.size = RESIZE
  config.synthesis.probability = 1.0
  return config


@pytest.fixture
def seen(monkeypatch):
  """`seen(config, images)`: generated images, in bytes, as they are seen."""

  def loss(params, model_state, batch, key):
    del params, key
    return 0.0, (model_state, {'images': batch.images})

  monkeypatch.setattr(
      registry,
      'make_representation',
      lambda *_: types.Representation(None, loss, None, None),
  )
  monkeypatch.setattr(
      cglo,
      'make_generation',
      lambda *_: std_types.SimpleNamespace(generate=lambda images, *_: images),
  )
  bank = synthesis.make_bank(jnp.eye(4), np.array([0, 0, 1, 1]), 2)

  def run(config, images):
    objective = small_sample_objective.make(config, PROBLEM)
    blank = types.Batch(jnp.zeros((4, SIZE, SIZE, 3)), jnp.arange(4))
    _, (_, metrics) = jax.jit(functools.partial(objective.loss, {}, {}))(
        blank, jax.random.key(0), images, bank
    )
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    seen = 255 * (np.asarray(metrics['images']) * std + mean)
    np.testing.assert_allclose(seen, seen.round(), atol=1e-3)
    return seen.round().astype(int)

  return run


def placed(side):
  """Four images whose channels are row, column, and the image's number."""
  grid = np.meshgrid(range(4), range(side), range(side), indexing='ij')
  return jnp.asarray(np.stack([grid[1], grid[2], grid[0]], -1) / 255.0)


def test_without_augmentation_the_centre_is_seen(config, seen):
  config.synthesis.augment = False
  bytes_seen = seen(config, placed(RESIZE))
  expected = np.round(255 * np.asarray(placed(RESIZE)))[:, 2:18, 2:18]
  np.testing.assert_array_equal(bytes_seen, expected)


def test_images_of_the_classifiers_size_are_seen_whole(config, seen):
  config.synthesis.augment = False
  config.cglo.size = 0
  expected = np.round(255 * np.asarray(placed(SIZE)))
  np.testing.assert_array_equal(seen(config, placed(SIZE)), expected)


def test_with_augmentation_crops_and_flips_are_those_of_real_images(
    config, seen
):
  assert config.data.augment.crop == 'random'
  assert config.data.augment.flip
  bytes_seen = seen(config, placed(RESIZE))
  corners = set()
  for number, image in enumerate(bytes_seen):
    assert (image[..., 2] == number).all()
    row, column = image[0, 0, :2]
    direction = image[0, 1, 1] - column
    assert direction in (1, -1)
    rows, columns = np.indices((SIZE, SIZE))
    np.testing.assert_array_equal(image[..., 0], row + rows)
    np.testing.assert_array_equal(image[..., 1], column + direction * columns)
    assert 0 <= row <= RESIZE - SIZE
    corners.add((row, column, direction))
  assert len(corners) > 1


def test_real_and_generated_images_of_different_sizes_meet_in_one_step(config):
  objective = small_sample_objective.make(config, PROBLEM)
  generation = cglo.make_generation(config, PROBLEM.num_classes)
  key = jax.random.key(0)

  def step():
    images = jnp.zeros((4, SIZE, SIZE, 3))
    variables = dict(objective.init(key, images))
    params = variables.pop('params')
    codes = jnp.eye(4, config.cglo.code_size)
    bank = synthesis.make_bank(codes, np.array([0, 0, 1, 1]), 2)
    gradient = jax.grad(objective.loss, has_aux=True)
    gradients, _ = gradient(
        params,
        variables,
        types.Batch(images, jnp.arange(4)),
        key,
        generation.of_generator(generation.init(key, codes)),
        bank,
    )
    return params, gradients

  params, gradients = jax.eval_shape(step)
  assert jax.tree.structure(params) == jax.tree.structure(gradients)
