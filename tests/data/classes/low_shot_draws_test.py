"""Draws in the form in which the authors keep them."""

import json

import numpy as np
import pytest

from lsl_jax.data.classes import low_shot_draws

# Training images of the three classes: 0 2 | 1 3 6 | 4 5.
LABELS = np.array([0, 1, 0, 1, 2, 2, 1, 0])
IS_TRAIN = np.array([True] * 7 + [False])


def _write(path, rows):
  path.write_text(json.dumps(rows))
  return path


def _read(path, classes, shots, order=(0, 1, 2)):
  return low_shot_draws.read_draws(
      [path], LABELS, IS_TRAIN, classes, shots, order=order
  )


def test_positions_among_sorted_training_images_become_images(tmp_path):
  paths = [
      _write(tmp_path / 'a.json', [[1, 0], [4, 2, 3], [6, 5]]),
      _write(tmp_path / 'b.json', [[0, 1], [3, 4, 2], [5, 6]]),
  ]
  got = low_shot_draws.read_draws(
      paths, LABELS, IS_TRAIN, [2, 1], 2, order=range(3)
  )
  np.testing.assert_array_equal(got, [[[5, 4], [6, 1]], [[4, 5], [3, 6]]])


def test_rows_and_positions_are_in_the_files_order_of_classes(tmp_path):
  # In the order 1, 2, 0 training images are 1 3 6 | 4 5 | 0 2.
  path = _write(tmp_path / 'a.json', [[2, 0], [3, 4], [6, 5]])
  got = _read(path, [0, 1, 2], 2, order=(1, 2, 0))
  np.testing.assert_array_equal(got, [[[2, 0], [6, 1], [4, 5]]])
  # Images of classes that the file does not have are not counted.
  path = _write(tmp_path / 'b.json', [[1, 0], [2]])
  got = _read(path, [0], 1, order=(2, 0))
  np.testing.assert_array_equal(got, [[[0]]])
  with pytest.raises(ValueError, match='class 1 is none of the 2 classes'):
    _read(path, [0, 1], 1, order=(2, 0))


def test_a_draw_in_another_order_is_refused_for_any_class(tmp_path):
  # As above; classes 0 and 2 happen to be of one size.
  path = _write(tmp_path / 'a.json', [[2, 0], [3, 4], [6, 5]])
  for order, wrong in (((0, 1, 2), 0), ((2, 1, 0), 2)):
    for wanted in range(3):
      with pytest.raises(ValueError, match=f'a.json.* class {wrong} are not'):
        _read(path, [wanted], 1, order=order)


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        ([[0, 1], [0, 2], []], 'class 1 are not of that class.*position 0'),
        ([[0, 1], [2, 77], []], r'position 77.*its 3 .* at 2\.\.4'),
        ([[-1, 1], [2, 3], []], 'class 0 are not of that class.*position -1'),
        ([[0, 1], [2], []], 'class 1 has 1 images, needed are 2'),
        # A class that is not wanted shows that sizes differ.
        (
            [[0, 1], [2, 3], [7]],
            'class 2 are not .* other sizes.*facebookresearch/',
        ),
        ([[0, 1], [2, 3]], r'JSON list.* 3 classes \(2 in a list'),
        ([[0, 1], [2, 3], [], []], r'JSON list.*\(4 in a list'),
        ([[0, 1], [2, 3.5], []], 'JSON list.*list 1 holds no positions'),
        ([[0, 1], [[2], [3, 4]], []], 'JSON list'),
        ([0, 1, 2], 'JSON list.*list 0 holds no positions'),
        ({'a': 1, 'b': 2, 'c': 3}, 'JSON list.*3 in a dict.*facebookresearch/'),
        (3, 'JSON list'),
    ],
)
def test_draws_of_other_data_are_refused_by_file_and_class(
    tmp_path, rows, message
):
  path = _write(tmp_path / 'a.json', rows)
  with pytest.raises(ValueError, match=f'a.json.*{message}'):
    _read(path, [0, 1], 2)


def test_a_missing_draw_tells_where_draws_come_from(tmp_path):
  with pytest.raises(
      FileNotFoundError, match='facebookresearch/low-shot-shrink-hallucinate'
  ):
    _read(tmp_path / 'no.json', [0], 1)
