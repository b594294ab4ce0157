import numpy as np
import pytest

from lsl_jax.report import activations, figures


def test_every_way_of_training_is_a_column_over_the_images(tmp_path):
  images = [np.full((6, 6, 3), value, np.uint8) for value in (10, 20)]
  maps = {
      'pooled': np.zeros((2, 2, 2)),
      'dense': np.arange(8.0).reshape(2, 2, 2),
  }
  figure = activations.activation_maps(
      images,
      maps,
      ['a', '鳥'],
      correct={'pooled': [True, False], 'dense': [True, True]},
  )
  grid = np.array(figure.axes).reshape(2, 3)
  assert [axis.get_title() for axis in grid[0]] == ['', 'pooled', 'dense']
  assert [len(axis.images) for axis in grid.flat] == [1, 2, 2] * 2
  np.testing.assert_array_equal(
      grid[1, 2].images[1].get_array(), maps['dense'][1]
  )
  assert [axis.get_xlabel() for axis in grid[1]] == ['', '✗', '✓']
  assert grid[1, 0].get_ylabel() == '鳥'
  figures.save(figure, tmp_path / 'a.png')
  assert (tmp_path / 'a.png').stat().st_size > 1000


def test_numbers_that_differ_are_refused():
  image = np.zeros((2, 2, 3), np.uint8)
  with pytest.raises(ValueError, match='as many of each'):
    activations.activation_maps([image], {'dense': np.zeros((2, 1, 1))}, ['a'])
  with pytest.raises(ValueError, match='as many of each'):
    activations.activation_maps([image], {}, ['a'])
