import math

import numpy as np
import pytest
from scipy import stats

from lsl_jax import evaluation


def test_seeds_count_once_each_however_many_draws_they_have():
  values = [[1.0, 3.0, 8.0], [5.0], [6.0, 9.0]]
  means = [4.0, 5.0, 7.5]
  mean, half_width = evaluation.over_seeds(values)
  assert mean == pytest.approx(np.mean(means))
  low, high = stats.t.interval(0.95, 2, np.mean(means), stats.sem(means))
  assert (mean - half_width, mean + half_width) == pytest.approx((low, high))


def test_of_one_seed_the_interval_is_over_its_draws():
  draws = [1.0, 3.0, 8.0, 2.0]
  mean, half_width = evaluation.over_seeds([draws])
  assert mean == pytest.approx(3.5)
  assert half_width == pytest.approx(stats.t.ppf(0.975, 3) * stats.sem(draws))


def test_one_number_has_no_interval():
  mean, half_width = evaluation.over_seeds([[0.25]])
  assert mean == 0.25
  assert math.isnan(half_width)


@pytest.mark.parametrize('values', [[], [[1.0], []], [1.0, 2.0], [[[1.0]]]])
def test_what_is_no_list_of_draws_by_seed_is_refused(values):
  with pytest.raises(ValueError, match='at least one seed'):
    evaluation.over_seeds(values)


_LITTLE = {'above': -2.0, 'below': 2.0}


@pytest.mark.parametrize(
    ('bounds', 'mean', 'half_width', 'expected'),
    [
        ({}, 1.0, 0.5, 'holds'),
        ({}, 1.0, 1.5, 'undecided'),
        ({}, -1.0, 0.5, 'does not hold'),
        ({}, 0.0, 0.0, 'does not hold'),
        ({'above': 5.0}, 7.0, 1.0, 'holds'),
        ({'above': 5.0}, 5.5, 1.0, 'undecided'),
        ({'above': 5.0}, 2.0, 1.0, 'does not hold'),
        (_LITTLE, -1.0, 0.5, 'holds'),
        (_LITTLE, 1.0, 1.5, 'undecided'),
        (_LITTLE, 0.0, 3.0, 'undecided'),
        (_LITTLE, 3.0, 0.5, 'does not hold'),
        (_LITTLE, -3.0, 0.5, 'does not hold'),
        ({}, 9.0, math.nan, 'undecided'),
        (_LITTLE, math.nan, math.nan, 'undecided'),
    ],
)
def test_a_verdict_is_where_the_interval_lies(
    bounds, mean, half_width, expected
):
  assert evaluation.verdict(mean, half_width, **bounds) == expected
