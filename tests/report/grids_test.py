"""Rows of pictures are drawn whole, or refused."""

import numpy as np
import pytest

from lsl_jax import report


def test_every_picture_and_name_is_drawn(tmp_path):
  rows = [
      [np.full((4, 4, 3), 9 * i, np.uint8) for i in range(3)],
      [np.full((4, 4, 3), 0.5)] * 2,
  ]
  figure = report.picture_rows(rows, ['one', 'two'], title='pictures')
  drawn = [axis for axis in figure.axes if axis.images]
  assert len(drawn) == 5
  np.testing.assert_array_equal(drawn[2].images[0].get_array(), rows[0][2])
  texts = [text.get_text() for axis in figure.axes for text in axis.texts]
  assert texts == ['one', 'two']
  report.save(figure, tmp_path / 'rows.png')
  assert (tmp_path / 'rows.png').stat().st_size > 1000


@pytest.mark.parametrize(
    ('rows', 'names'), [([], []), ([[]], ['a']), ([[np.zeros((1, 1, 3))]], [])]
)
def test_rows_without_pictures_or_names_are_refused(rows, names):
  with pytest.raises(ValueError, match='each row needs'):
    report.picture_rows(rows, names)
