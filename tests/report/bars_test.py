from matplotlib import container
import numpy as np

from lsl_jax.report import bars, figures


def _row(method, shots, mean, half_width, split='novel'):
  return {
      'method': method,
      'shots': shots,
      'split': split,
      'metric': 'top1',
      'mean': mean,
      'half_width': half_width,
  }


def test_bars_hold_the_data_in_groups_of_shots(tmp_path):
  figure = bars.accuracy_bars(
      [
          _row('Imprinting', 1, 0.2, 0.01),
          _row('Imprinting', 5, 0.4, 0.02),
          _row('Neighbour', 5, 0.3, 0.03),
          _row('Imprinting', 1, 0.9, 0.01, split='all'),
      ]
  )
  (axis,) = figure.axes
  groups = [c for c in axis.containers if isinstance(c, container.BarContainer)]
  imprinting, neighbour = groups
  assert [bar.get_height() for bar in imprinting] == [20, 40]
  assert [bar.get_height() for bar in neighbour] == [30]
  centres = [bar.get_x() + bar.get_width() / 2 for bar in imprinting]
  assert [round(centre) for centre in centres] == [0, 1]
  # Beside each other, without a gap or an overlap.
  assert np.isclose(
      imprinting[1].get_x() + imprinting[1].get_width(), neighbour[0].get_x()
  )
  (segment,) = neighbour.errorbar[2][0].get_segments()
  np.testing.assert_allclose(segment[:, 1], [27, 33])
  assert [t.get_text() for t in axis.get_xticklabels()] == ['1', '5']
  assert axis.get_ylabel() == 'Top-1 accuracy (%)'
  assert [t.get_text() for t in figure.legends[0].get_texts()] == [
      'Imprinting',
      'Neighbour',
  ]
  figures.save(figure, tmp_path / 'a.png')
