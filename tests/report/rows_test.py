import numpy as np
import pytest

from lsl_jax.report import rows as rows_lib


def _row(**changes):
  row = {
      'method': 'a',
      'shots': 1,
      'split': 'novel',
      'metric': 'top1',
      'mean': 0.5,
  }
  return row | changes


def test_whole_rows_pass_with_whatever_else_they_hold():
  rows = [_row(seed=1), _row(shots=None), _row(mean=float('nan'), shots=2)]
  assert rows_lib.check(iter(rows)) == rows


def test_a_mean_that_float32_rounded_up_passes():
  assert rows_lib.check([_row(mean=np.nextafter(np.float32(1), 2))])


@pytest.mark.parametrize('mean', [45.77, -0.1, float('inf')])
def test_a_mean_in_per_cent_is_refused(mean):
  with pytest.raises(ValueError, match=r'row 0 \(a, novel\).*fraction'):
    rows_lib.check([_row(mean=mean)])


def test_a_row_that_lacks_a_key_is_named():
  row = _row()
  del row['split'], row['mean']
  with pytest.raises(ValueError, match='row 1 lacks split, mean; a row needs'):
    rows_lib.check([_row(), row])


def test_two_rows_about_the_same_thing_are_refused():
  with pytest.raises(ValueError, match=r'row 1 repeats .*average over seeds'):
    rows_lib.check([_row(seed=0), _row(seed=1)])


def test_splits_have_their_order_and_unknown_ones_come_last():
  rows = [{'split': name} for name in ('all', 'mine', 'harmonic', 'novel')]
  assert rows_lib.distinct(rows, 'split') == [
      'novel',
      'all',
      'harmonic',
      'mine',
  ]


def test_names_keep_their_order():
  rows = [{'method': name} for name in 'bab']
  assert rows_lib.distinct(rows, 'method') == ['b', 'a']


def test_only_one_metric_and_the_splits_asked_for_are_drawn():
  rows = [_row(), _row(split='base'), _row(metric='top5')]
  assert rows_lib.drawable(rows, metric='top1', splits=['novel']) == rows[:1]
  with pytest.raises(ValueError, match=r"metric 'top2' and .*\['novel'\]"):
    rows_lib.drawable(rows, metric='top2', splits=['novel'])


def test_percent_takes_no_interval_as_zero():
  means, widths = rows_lib.percent([_row(half_width=0.01), _row()])
  np.testing.assert_allclose(means, [50, 50])
  np.testing.assert_allclose(widths, [1, 0])


def test_other_metrics_keep_their_name():
  assert rows_lib.metric_name('mean recall') == 'Mean recall'
