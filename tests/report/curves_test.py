import numpy as np
import pytest

from lsl_jax.report import curves, figures


def _curve(initialisation, shots, split='novel', **more):
  return {
      'initialisation': initialisation,
      'shots': shots,
      'split': split,
      'epochs': [0, 4, 8],
      'accuracy': np.array([0.1, 0.2, 0.3]) * shots / 5,
  } | more


def test_fine_tuning_lines_hold_the_data_in_per_cent(tmp_path):
  figure = curves.fine_tuning(
      [
          _curve('imprinted', 5, half_width=[0.01, 0.01, 0.01]),
          _curve('random', 5),
          _curve('imprinted', 1),
          _curve('random', 1, split='all'),
          _curve('random', 1, split='base'),
      ]
  )
  novel, every = figure.axes
  lines = {line.get_label(): line for line in novel.get_lines()}
  assert set(lines) == {'imprinted, n=5', 'random, n=5', 'imprinted, n=1'}
  np.testing.assert_allclose(
      lines['imprinted, n=5'].get_xydata(), [[0, 10], [4, 20], [8, 30]]
  )
  assert lines['imprinted, n=5'].get_linestyle() == '-'
  assert lines['random, n=5'].get_linestyle() == '--'
  five, one = (
      lines['imprinted, n=5'].get_color(),
      lines['imprinted, n=1'].get_color(),
  )
  assert lines['random, n=5'].get_color() == five != one
  assert len(novel.collections) == 1
  (line,) = every.get_lines()
  np.testing.assert_allclose(line.get_ydata(), [2, 4, 6])
  assert line.get_color() == one
  assert novel.get_xlabel() == 'Epochs of fine-tuning'
  assert novel.get_ylabel() == 'Top-1 accuracy (%)'
  legend = figure.legends[0]
  assert [text.get_text() for text in legend.get_texts()] == [
      'n = 1',
      'n = 5',
      'from imprinted weights',
      'from random weights',
  ]
  assert [line.get_color() for line in legend.get_lines()[:2]] == [one, five]
  figures.save(figure, tmp_path / 'a.png')


def test_an_odd_number_of_shots_keeps_the_styles_in_one_column():
  figure = curves.fine_tuning([_curve('imprinted', n) for n in (1, 2, 5)])
  names = [text.get_text() for text in figure.legends[0].get_texts()]
  assert names[3] == ''
  assert names[4:] == ['from imprinted weights', 'from random weights']


@pytest.mark.parametrize(
    ('curve', 'message'),
    [
        (_curve('imprinting', 1), "must be one of .* found 'imprinting'"),
        (_curve('random', 1, epochs=[0, 1]), '2 epochs but 3 accuracies'),
        (_curve('random', 1, split='base'), 'no curve has one of the splits'),
    ],
)
def test_wrong_curves_are_refused(curve, message):
  with pytest.raises(ValueError, match=message):
    curves.fine_tuning([curve])


def test_learning_curves_share_a_panel_by_quantity(tmp_path):
  figure = curves.learning(
      [
          {'step': 0, 'time': 0.0, 'train/loss': 4.0, 'test/loss': 5.0},
          {'step': 50, 'time': 1.0, 'train/loss': 2.0, 'learning_rate': 0.1},
          {'step': 100, 'time': 2.0, 'train/loss': None, 'broken': None},
      ],
      epochs_per_step=0.02,
  )
  loss, rate = figure.axes
  lines = {line.get_label(): line for line in loss.get_lines()}
  np.testing.assert_allclose(
      lines['train'].get_xydata(), [[0, 4], [1, 2], [2, np.nan]]
  )
  np.testing.assert_allclose(lines['test'].get_xydata(), [[0, 5]])
  assert loss.get_ylabel() == 'loss'
  assert loss.get_xlabel() == 'Epochs'
  assert rate.get_ylabel() == 'learning rate'
  np.testing.assert_allclose(rate.get_lines()[0].get_xydata(), [[1, 0.1]])
  names = [text.get_text() for text in figure.legends[0].get_texts()]
  assert names == ['train', 'test']
  figures.save(figure, tmp_path / 'a.png')


def test_records_without_a_finite_scalar_are_refused():
  with pytest.raises(ValueError, match='no finite scalar'):
    curves.learning([{'step': 0, 'time': 0.0, 'loss': None}])
