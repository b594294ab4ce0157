import os

from matplotlib import colors
import numpy as np
import pytest

from lsl_jax.report import figures, images


def _images(count, shape=(4, 4, 3)):
  return [np.full(shape, index, np.uint8) for index in range(count)]


def _shown(figure):
  """The value of each image drawn and the text below it, in reading order."""
  return [
      (int(axis.images[0].get_array().max()), axis.get_xlabel())
      for axis in figure.axes
      if axis.images
  ]


def test_exemplars_come_by_recall_with_their_names(tmp_path):
  figure = images.exemplars(
      _images(3), ['001.First', 'երկրորդ', '鳥 $x_{$'], [0.25, 1.0, 0.5]
  )
  assert _shown(figure) == [
      (1, '100 %\nերկրորդ'),
      (2, '50 %\n鳥 $x {$'),
      (0, '25 %\nFirst'),
  ]
  figures.save(figure, tmp_path / 'a.png')


def test_exemplars_of_equal_recall_keep_their_order():
  figure = images.exemplars(_images(3), list('abc'), [0.5, 0.5, 0.5])
  assert [index for index, _ in _shown(figure)] == [0, 1, 2]


def test_of_many_exemplars_best_and_worst_are_among_those_drawn():
  recalls = np.linspace(0, 1, 50)
  figure = images.exemplars(
      _images(50), ['x'] * 50, recalls, columns=4, most=10
  )
  drawn = [index for index, _ in _shown(figure)]
  assert len(drawn) == 10
  assert drawn == sorted(drawn, reverse=True)
  assert (drawn[0], drawn[-1]) == (49, 0)


def test_predictions_stand_over_the_exemplar_that_won(tmp_path):
  figure = images.predictions(
      _images(3),
      [image + 100 for image in _images(3)],
      ['a', 'b', os.fsdecode(b'caf\xe9')],
      ['x', 'b', 'z'],
      [False, True, False],
      columns=2,
  )
  # Two pairs in the first line, right ones first; the last pair below.
  assert _shown(figure) == [
      (1, 'b'),
      (0, 'a'),
      (101, '✓ b'),
      (100, '✗ x'),
      (2, r'caf\udce9'),
      (102, '✗ z'),
  ]
  borders = [
      colors.to_hex(axis.spines['left'].get_edgecolor()).upper()
      for axis in figure.axes
      if axis.images
  ]
  right, wrong = figures.RIGHT, figures.WRONG
  assert borders == [right, wrong, right, wrong, wrong, wrong]
  figures.save(figure, tmp_path / 'a.png')


def test_images_of_any_shape_get_square_cells_and_are_not_cut():
  pictures = [np.zeros((2, 8, 3), np.uint8), np.zeros((6, 3), np.uint8)]
  figure = images.exemplars(pictures, ['a', 'b'], [1.0, 0.5])
  wide, tall = figure.axes
  assert np.ptp(wide.get_xlim()) == np.ptp(wide.get_ylim()) == 8
  assert np.ptp(tall.get_xlim()) == np.ptp(tall.get_ylim()) == 6
  assert wide.get_xlim() == (-0.5, 7.5)
  assert tall.get_ylim() == (5.5, -0.5)


def test_lists_of_different_lengths_are_refused():
  with pytest.raises(
      ValueError, match=r"at least one: \{'images': 2, 'class_n"
  ):
    images.exemplars(_images(2), ['a'], [1.0, 0.5])
  with pytest.raises(ValueError, match='as many of each'):
    images.predictions([], [], [], [], [])
