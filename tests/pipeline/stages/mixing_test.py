"""Batches of MixMatch where images are larger than what is cropped of them."""

import itertools

import jax
import numpy as np
import pytest

from lsl_jax import training
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.stages import mixing

RESIZE, SIZE, BATCH, VIEWS = 20, 16, 8, 2
LABELLED, UNLABELLED = np.arange(0, 12), np.arange(12, 40)


@pytest.fixture(scope='module')
def config(get_config):
  config = get_config('cglo_cub:mixmatch,smoke')
  config.data.resize, config.data.size = RESIZE, SIZE
  assert config.train.batch_size == BATCH
  assert config.mixmatch.views == VIEWS
  assert config.data.augment.crop == 'random'
  return config


@pytest.fixture(scope='module')
def problem():
  """Forty images whose channels are row, column, and the image's number."""
  grid = np.meshgrid(range(40), range(RESIZE), range(RESIZE), indexing='ij')
  labels = (np.arange(40) // 6 % 2).astype(np.int32)
  return problem_lib.Problem(
      name='places',
      images=np.stack([grid[1], grid[2], grid[0]], -1).astype(np.uint8),
      labels=labels,
      num_base=0,
      num_novel=2,
      class_names=('a', 'b'),
      is_train=labels >= 0,
      classes=(0, 1),
      original=labels,
      original_names=('a', 'b'),
      in_memory=True,
  )


@pytest.fixture(scope='module')
def batches(config, problem):
  """`batches(unlabelled, start)`: three of them, groups of images in bytes."""

  mesh = training.sharding.mesh(jax.devices()[:2])

  def take(unlabelled, start=0):
    stream = mixing.make_stream(config, problem, LABELLED, unlabelled, 7, mesh)
    taken = []
    for batch in itertools.islice(stream.batches(start), 3):
      batch = jax.device_get(batch)
      mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
      pixels = 255 * (batch.images * std + mean)
      np.testing.assert_allclose(pixels, pixels.round(), atol=1e-3)
      groups = (
          pixels.round().astype(int).reshape(BATCH, 1 + VIEWS, SIZE, SIZE, 3)
      )
      taken.append((groups, batch.labels.reshape(BATCH, 1 + VIEWS)))
    return taken

  return take


@pytest.fixture(scope='module')
def first(batches):
  return batches(UNLABELLED)


def numbers_of(groups):
  """Of each view, the number of the one image that it shows."""
  numbers = groups[..., 2]
  assert (numbers == numbers[..., :1, :1]).all()
  return numbers[..., 0, 0]


def test_groups_are_a_labelled_image_and_views_of_an_unlabelled_one(
    first, problem
):
  for groups, labels in first:
    numbers = numbers_of(groups)
    assert {*numbers[:, 0]} <= {*LABELLED}
    assert {*numbers[:, 1]} <= {*UNLABELLED}
    np.testing.assert_array_equal(numbers[:, 1], numbers[:, 2])
    np.testing.assert_array_equal(labels[:, 0], problem.labels[numbers[:, 0]])
    assert (labels[:, 1:] == -1).all()
  known = np.concatenate([numbers_of(groups)[:, 0] for groups, _ in first])
  assert np.bincount(known).tolist() == [2] * 12  # two epochs


def test_all_images_are_cropped_at_random_and_none_is_resized(first):
  rows, columns = np.indices((SIZE, SIZE))
  corners = [set(), set(), set()]
  for groups, _ in first:
    for group in groups:
      for place, image in enumerate(group):
        row, column = image[0, 0, :2]
        direction = image[0, 1, 1] - column
        assert direction in (1, -1)
        assert 0 <= row <= RESIZE - SIZE
        np.testing.assert_array_equal(image[..., 0], row + rows)
        np.testing.assert_array_equal(
            image[..., 1], column + direction * columns
        )
        corners[place].add((row, column, direction))
  assert all(len(found) > 5 for found in corners)
  views = np.stack([groups[:, 1:] for groups, _ in first])
  assert (views[:, :, 0] != views[:, :, 1]).any((2, 3, 4)).mean() > 0.8


def test_batches_depend_on_the_step_alone(batches, first):
  later = batches(UNLABELLED, start=1)
  for one, other in zip(first[1:], later, strict=False):
    for array, again in zip(one, other, strict=True):
      np.testing.assert_array_equal(again, array)
  assert (first[0][0] != first[1][0]).any()


def test_labelled_images_take_the_place_of_unlabelled_ones(batches):
  for groups, _ in batches(np.array([], int)):
    numbers = numbers_of(groups)
    assert {*numbers.ravel()} <= {*LABELLED}
    assert (numbers[:, 0] != numbers[:, 1]).any()  # in an order of their own
