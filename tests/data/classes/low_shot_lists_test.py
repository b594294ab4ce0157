"""Class lists and draws in the form in which the authors keep them."""

import json

import numpy as np
import pytest

from lsl_jax.data.classes import low_shot_lists, splits

NAMES = ('n01', 'n02', 'n03', 'n04', 'n05', 'n06')
BY_INDEX = {
    'base_classes_1': [5],
    'base_classes_2': [0, 2],
    'novel_classes_1': [1],
    'novel_classes_2': [4, 3],
    'base_classes': [0, 2, 5],
}
BY_NAME = {half: [NAMES[i] for i in found] for half, found in BY_INDEX.items()}
LABELS = np.array([0, 1, 0, 1, 2, 2, 1, 0])
IS_TRAIN = np.array([True] * 7 + [False])


@pytest.mark.parametrize(
    'fields',
    [
        BY_INDEX,
        BY_NAME,
        {'note': 'both', 'idx': BY_INDEX, 'wnid': BY_NAME},
        # Names that the data set does not have: indices are taken.
        {'wnid': {k: ['other'] for k in BY_NAME}, 'idx': BY_INDEX},
    ],
)
def test_lists_become_a_split_whose_first_half_comes_first(tmp_path, fields):
  path = tmp_path / 'lists.json'
  path.write_text(json.dumps(fields))
  assert splits.class_split(path, NAMES) == splits.ClassSplit(
      (5, 0, 2), (1,), (4, 3)
  )


def _write(path, rows):
  path.write_text(json.dumps(rows))
  return path


def test_positions_among_sorted_training_images_become_images(tmp_path):
  # Sorted by class, training images are 0 2 | 1 3 6 | 4 5.
  paths = [
      _write(tmp_path / 'a.json', [[1, 0], [4, 2, 3], [6, 5]]),
      _write(tmp_path / 'b.json', [[0, 1], [3, 4, 2], [5, 6]]),
  ]
  got = low_shot_lists.read_draws(paths, LABELS, IS_TRAIN, [2, 1], 2)
  np.testing.assert_array_equal(got, [[[5, 4], [6, 1]], [[4, 5], [3, 6]]])


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        ([[0, 1], [0, 2]], 'class 1 are not of that class'),
        ([[0, 1], [2, 77]], 'class 1 are not of that class'),
        ([[0, 1], [2]], 'class 1 has 1 images, needed are 2'),
        ([[0, 1]], 'JSON list'),
        ({'a': 1}, 'JSON list'),
    ],
)
def test_draws_of_other_data_are_refused_and_their_source_named(
    tmp_path, rows, message
):
  path = _write(tmp_path / 'a.json', rows)
  with pytest.raises(ValueError, match=f'a.json.*{message}'):
    low_shot_lists.read_draws([path], LABELS, IS_TRAIN, [0, 1], 2)


def test_a_missing_draw_tells_where_draws_come_from(tmp_path):
  with pytest.raises(
      FileNotFoundError, match='facebookresearch/low-shot-shrink-hallucinate'
  ):
    low_shot_lists.read_draws([tmp_path / 'no.json'], LABELS, IS_TRAIN, [0], 1)
