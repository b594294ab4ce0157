"""The small-sample task: what is drawn, and what never is."""

import numpy as np
import pytest

from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import samples


@pytest.fixture
def problem():
  """Three classes of 12 training and 4 test images."""
  labels = np.tile(np.arange(3), 16).astype(np.int32)
  is_train = np.arange(48) < 36
  return problem_lib.Problem(
      name='numbers',
      images=np.zeros((48, 2, 2, 3), np.uint8),
      labels=labels,
      num_base=0,
      num_novel=3,
      class_names=('a', 'b', 'c'),
      is_train=is_train,
      classes=(0, 1, 2),
      original=labels,
      original_names=('a', 'b', 'c'),
      in_memory=True,
  )


@pytest.fixture
def config(get_config):
  config = get_config('cglo_glyphs:smoke')
  config.small_sample.shots = 4
  config.small_sample.unlabelled = 6
  return config


def test_a_sample_is_balanced_and_apart_from_all_else(config, problem):
  config.small_sample.report = 'held_out'
  config.small_sample.held_out = 5
  sample = samples.draw(config, problem, 1)
  assert np.bincount(problem.labels[sample.labelled]).tolist() == [4, 4, 4]
  assert (np.diff(problem.labels[sample.labelled]) >= 0).all()
  assert np.bincount(problem.labels[sample.queries]).tolist() == [5, 5, 5]
  parts = [sample.labelled, sample.unlabelled, sample.queries]
  together = np.concatenate(parts)
  assert len(np.unique(together)) == len(together) == 12 + 6 + 15
  assert problem.is_train[together].all()  # no test image while choosing


def test_the_test_set_is_whole_and_unlabelled_images_are_training_images(
    config, problem
):
  sample = samples.draw(config, problem, 1)
  np.testing.assert_array_equal(sample.queries, np.arange(36, 48))
  assert len(sample.unlabelled) == 6
  assert problem.is_train[sample.unlabelled].all()
  config.small_sample.transductive = True
  sample = samples.draw(config, problem, 1)
  assert set(sample.queries) < set(sample.unlabelled)


def test_seeds_draw_different_samples_and_larger_ones_contain_smaller(
    config, problem
):
  one, again, other = (samples.draw(config, problem, s) for s in (1, 1, 2))
  np.testing.assert_array_equal(one.labelled, again.labelled)
  assert set(one.labelled) != set(other.labelled)
  config.small_sample.shots = 6
  assert set(one.labelled) < set(samples.draw(config, problem, 1).labelled)


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('shots', 13, "class 'a' of 'numbers' has 12 training images"),
        ('unlabelled', 25, 'has 24 training images that are neither'),
    ],
)
def test_samples_that_are_too_large_are_refused(
    config, problem, key, value, message
):
  config.small_sample[key] = value
  with pytest.raises(ValueError, match=message):
    samples.draw(config, problem, 0)


@pytest.mark.parametrize(
    ('whole', 'shots', 'expected'), [(500, 10, 50), (500, 100, 5), (0, 10, 1)]
)
def test_smaller_samples_are_repeated_more_often(
    config, whole, shots, expected
):
  config.small_sample.whole, config.small_sample.shots = whole, shots
  assert samples.repetitions(config) == expected
