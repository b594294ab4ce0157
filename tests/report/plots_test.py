from matplotlib import container
import numpy as np
import pytest

from lsl_jax.report import figures, plots


def _row(method, shots, split, mean, half_width=None, **more):
  return {
      'method': method,
      'shots': shots,
      'split': split,
      'metric': 'top1',
      'mean': mean,
      'half_width': half_width,
  } | more


def _lines(axis):
  return {line.get_label(): line for line in axis.get_lines()}


def _legend_texts(figure):
  return [text.get_text() for text in figure.legends[0].get_texts()]


def test_accuracy_lines_hold_the_data_in_per_cent(tmp_path):
  rows = [
      _row('b', 5, 'novel', 0.5, 0.02),
      _row('b', 1, 'novel', 0.25, 0.04),
      _row('a', 1, 'novel', 0.1, None),
      _row('a', 5, 'novel', 0.2, None),
      _row('b', 1, 'all', 0.75, 0.01),
      _row('b', 5, 'all', 0.8, 0.01),
      _row('_rand', None, 'all', 0.4),
      _row('b', 1, 'base', 0.9),
      _row('b', 1, 'novel', 0.9) | {'metric': 'top5'},
  ]
  figure = plots.accuracy_against_shots(rows, chance=0.005)
  novel, every = figure.axes
  np.testing.assert_allclose(
      _lines(novel)['b'].get_xydata(), [[1, 25], [5, 50]]
  )
  np.testing.assert_allclose(
      _lines(novel)['a'].get_xydata(), [[1, 10], [5, 20]]
  )
  np.testing.assert_allclose(
      _lines(every)['b'].get_xydata(), [[1, 75], [5, 80]]
  )
  np.testing.assert_allclose(_lines(every)['_rand'].get_ydata(), [40, 40])
  # The band of b on novel classes, whose corners are mean -+ half-width.
  (corners,) = [path.vertices for path in novel.collections[0].get_paths()]
  expected = {(1, 21), (1, 29), (5, 48), (5, 52)}
  assert {tuple(corner) for corner in corners.round(6)} == expected
  assert _legend_texts(figure) == ['b', 'a', '_rand', 'chance']
  assert novel.get_title() == 'Novel classes'
  assert novel.get_ylabel() == 'Top-1 accuracy (%)'
  assert novel.get_xlabel() == 'Examples per novel class, n'
  figures.save(figure, tmp_path / 'a.png')
  assert [t.get_text() for t in novel.get_xticklabels()] == ['1', '5']
  np.testing.assert_array_equal(novel.get_xticks(), [1, 5])


def test_a_method_keeps_its_colour_in_every_panel():
  rows = [
      _row('a', 1, 'novel', 0.1),
      _row('b', 1, 'novel', 0.1),
      _row('b', 1, 'all', 0.1),
  ]
  novel, every = plots.accuracy_against_shots(rows).axes
  assert _lines(every)['b'].get_color() == _lines(novel)['b'].get_color()
  assert _lines(novel)['a'].get_color() != _lines(novel)['b'].get_color()


def test_nothing_to_draw_is_an_error():
  with pytest.raises(ValueError, match=r"no row .*\['base'\]"):
    plots.accuracy_against_shots([_row('a', 1, 'novel', 0.1)], splits=['base'])
  with pytest.raises(ValueError, match=r"no row of split 'base'"):
    plots.embedding_size(
        [_row('a', 1, 'novel', 0.1, dimension=64)], split='base'
    )


def test_embedding_sizes_have_a_panel_a_shot_and_error_bars(tmp_path):
  rows = [
      _row('a', 5, 'novel', 0.6, 0.02, dimension=128),
      _row('a', 5, 'novel', 0.5, 0.01, dimension=64),
      _row('a', 1, 'novel', 0.3, 0.03, dimension=64),
      _row('b', 1, 'novel', 0.2, dimension=128),
      _row('a', 1, 'all', 0.9, dimension=64),
  ]
  figure = plots.embedding_size(rows)
  one, five = figure.axes
  assert [axis.get_title() for axis in (one, five)] == ['1 shot', '5 shots']
  (bars,) = [
      c for c in five.containers if isinstance(c, container.ErrorbarContainer)
  ]
  line, caps, (segments,) = bars
  np.testing.assert_allclose(line.get_xydata(), [[64, 50], [128, 60]])
  np.testing.assert_allclose(
      segments.get_segments(), [[[64, 49], [64, 51]], [[128, 58], [128, 62]]]
  )
  assert len(caps) == 2
  assert _legend_texts(figure) == ['a', 'b']
  assert 'D' in one.get_xlabel()
  figures.save(figure, tmp_path / 'a.png')
  assert [t.get_text() for t in one.get_xticklabels()] == ['64', '128']


def test_a_row_without_an_embedding_size_is_refused():
  with pytest.raises(ValueError, match='lacks dimension'):
    plots.embedding_size([_row('a', 1, 'novel', 0.1)])
