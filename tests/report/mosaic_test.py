import numpy as np
import pytest

from lsl_jax import report


def test_a_cell_is_a_strip_of_its_images(rng):
  pictures = rng.integers(0, 255, (2, 4, 3, 5, 6, 3), dtype=np.uint8)
  figure = report.mosaic(pictures, columns=list('abcd'), rows=['one', 'two'])
  axes = figure.axes
  assert len(axes) == 8
  assert [axis.get_title() for axis in axes[:4]] == list('abcd')
  assert [axes[i].get_xlabel() for i in (0, 4)] == ['one', 'two']
  for place, axis in enumerate(axes):
    shown = axis.images[0].get_array()
    expected = np.concatenate(list(pictures[divmod(place, 4)]), axis=1)
    np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize(
    ('shape', 'columns', 'rows'),
    [
        ((2, 4, 3, 5, 6), 4, 0),
        ((0, 4, 3, 5, 6, 3), 4, 0),
        ((2, 4, 3, 5, 6, 3), 3, 0),
        ((2, 4, 3, 5, 6, 3), 4, 1),
    ],
)
def test_titles_that_do_not_fit_are_refused(shape, columns, rows):
  with pytest.raises(ValueError, match=r'\[rows, columns|titles and'):
    report.mosaic(
        np.zeros(shape, np.uint8), columns=['x'] * columns, rows=['y'] * rows
    )
