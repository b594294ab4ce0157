"""Which images a step of cGLO takes of each part."""

import itertools

import numpy as np
import pytest

from lsl_jax.pipeline.cglo import cglo_training

# Images, parts, rows of a part in a step, visits of an image in an epoch. Of
# eleven images in four parts, the last part has one less than the others.
EVEN = (24, 4, 2, 3)
UNEVEN = (11, 4, 2, 3)


def _steps(settings, count, *, seed=0, start=0):
  """Images of some steps, `[count, P, b]`: row r of part p is r * P + p."""
  rows = cglo_training.Rows(*settings, seed)
  steps = np.stack([*itertools.islice(rows.batches(start), count)])
  assert steps.dtype == np.int32
  return steps * settings[1] + np.arange(settings[1])[:, None]


def test_every_image_is_visited_as_often_as_asked_in_every_epoch():
  count, parts, each, repetitions = EVEN
  per_epoch = repetitions * count // (parts * each)
  assert cglo_training.Rows(*EVEN, 0).steps_per_epoch == per_epoch
  images = _steps(EVEN, 2 * per_epoch)
  assert images.shape == (2 * per_epoch, parts, each)
  first, second = images[:per_epoch], images[per_epoch:]
  for epoch in (first, second):
    visits = np.bincount(epoch.ravel(), minlength=count)
    assert visits.tolist() == [repetitions] * count
  assert (first != second).any()


def test_parts_of_different_sizes_each_run_through_images_of_their_own():
  count, parts, _, repetitions = UNEVEN
  images = _steps(UNEVEN, 18).swapaxes(0, 1).reshape(parts, -1)
  for part, own in enumerate(images):
    members = range(part, count, parts)
    whole = repetitions * len(members)
    # An epoch of a part may end within a step.
    for epoch in np.split(own, range(whole, len(own), whole)):
      names, visits = np.unique(epoch, return_counts=True)
      assert {*names.tolist()} <= {*members}  # never what fills a part up
      assert max(visits) <= repetitions
      if len(epoch) == whole:
        assert visits.tolist() == [repetitions] * len(members)


def test_an_epoch_has_as_many_visits_as_images_whatever_their_parts():
  count, parts, each, repetitions = UNEVEN
  steps = cglo_training.Rows(*UNEVEN, 0).steps_per_epoch
  np.testing.assert_allclose(steps * parts * each, repetitions * count)


def test_a_step_may_take_more_than_a_part_has():
  images = _steps((5, 4, 3, 1), 4)
  # Part 0 has images 0 and 4, the others one image each.
  assert np.bincount(images.ravel()).tolist() == [6, 12, 12, 12, 6]


@pytest.mark.parametrize('settings', [EVEN, UNEVEN])
def test_rows_depend_on_seed_and_step_alone(settings):
  steps = _steps(settings, 12, seed=5)
  np.testing.assert_array_equal(_steps(settings, 12, seed=5), steps)
  np.testing.assert_array_equal(_steps(settings, 5, seed=5, start=7), steps[7:])
  assert (_steps(settings, 12, seed=6) != steps).any()
  # Nor do parts of one size go through their rows in the same order.
  rows = steps // settings[1]
  assert (rows[:, 0] != rows[:, 1]).any()
