"""Tests of intervals against scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from lsl_jax.evaluation import intervals


def test_standard_error_is_that_of_scipy(rng):
  values = rng.normal(size=(9, 2, 3))
  np.testing.assert_allclose(
      intervals.standard_error(values), stats.sem(values), rtol=1e-12
  )


@pytest.mark.parametrize('level', [0.5, 0.95, 0.99])
def test_the_normal_interval_is_that_of_scipy(rng, level):
  values = rng.normal(3, 2, size=(40, 2))
  mean, half = intervals.confidence_interval(values, level=level)
  low, high = stats.norm.interval(level, mean, stats.sem(values))
  np.testing.assert_allclose(mean - half, low, rtol=1e-9)
  np.testing.assert_allclose(mean + half, high, rtol=1e-9)


def test_the_default_is_what_papers_report():
  values = np.array([0.4, 0.5, 0.9, 0.2])
  _, half = intervals.confidence_interval(values)
  expected = 1.96 * np.std(values, ddof=1) / math.sqrt(4)
  np.testing.assert_allclose(half, expected, rtol=2e-5)


@pytest.mark.parametrize('trials', [2, 3, 4, 5, 10, 601, 1000])
def test_students_interval_is_that_of_scipy(rng, trials):
  values = rng.normal(size=trials)
  mean, half = intervals.confidence_interval(values, method='student')
  low, high = stats.t.interval(0.95, trials - 1, mean, stats.sem(values))
  np.testing.assert_allclose([mean - half, mean + half], [low, high], rtol=1e-9)


def test_students_interval_holds_the_mean_as_often_as_it_says(rng):
  values = rng.normal(size=(5, 20_000))
  mean, half = intervals.confidence_interval(values, method='student')
  assert abs(np.mean(np.abs(mean) < half) - 0.95) < 0.006
  mean, half = intervals.confidence_interval(values)
  assert abs(np.mean(np.abs(mean) < half) - 0.878) < 0.01


@pytest.mark.parametrize('method', ['normal', 'student'])
def test_one_trial_has_a_mean_and_no_interval(method):
  mean, half = intervals.confidence_interval([[0.25, 0.5]], method=method)
  np.testing.assert_array_equal(mean, [0.25, 0.5])
  np.testing.assert_array_equal(half, [np.nan, np.nan])


def test_nan_spoils_its_own_column_only():
  mean, half = intervals.confidence_interval([[np.nan, 1.0], [1.0, 1.0]])
  np.testing.assert_array_equal(mean, [np.nan, 1])
  np.testing.assert_array_equal(half, [np.nan, 0])


def test_single_precision_values_are_averaged_in_double(rng):
  values = (0.5 + 1e-6 * rng.normal(size=10_000)).astype(np.float32)
  mean, half = intervals.confidence_interval(values)
  exact = values.astype(np.float64)
  np.testing.assert_allclose(mean, exact.mean(), rtol=1e-14)
  np.testing.assert_allclose(half, 1.95996398 * stats.sem(exact), rtol=1e-8)


def test_what_is_no_sample_level_or_method_is_refused():
  with pytest.raises(ValueError, match='hold no trial'):
    intervals.confidence_interval(np.zeros((0, 3)))
  with pytest.raises(ValueError, match='hold no trial'):
    intervals.standard_error(1.0)
  with pytest.raises(ValueError, match='between 0 and 1, not 95'):
    intervals.confidence_interval([1.0, 2.0], level=95)
  with pytest.raises(ValueError, match="'t'; valid ones: 'normal', 'student'"):
    intervals.confidence_interval([1.0, 2.0], method='t')
