"""What tuning takes from a grid, and what it says of a choice at an edge."""

import dataclasses
import logging

import numpy as np
import pytest

from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import tuning, tuning_grid


@pytest.fixture
def choose(get_config, problem, trained, tmp_path, monkeypatch, caplog):
  """Tunes logistic regression where one point is best: numbers, warnings."""
  config = get_config('sgm_glyphs:smoke')
  config.learners = ('logistic', 'nearest_mean')
  options = config.hallucination.tuning
  options.enabled = True
  options.learning_rate = (0.1, 1.0, 10.0)
  options.weight_decay = (0.0001, 0.001, 0.01)
  task = dataclasses.replace(
      task_lib.make_task(config, problem), validation=problem
  )

  def choose(rate, decay, workdir='run', **grid):
    options.update(grid)

    def accuracies(config, validation, trained, workdir, name, points):
      return np.array(
          [
              [[p['learning_rate'] == rate, p['weight_decay'] == decay]]
              for p in points
          ],
          np.float64,
      )

    monkeypatch.setattr(tuning_grid, 'accuracies', accuracies)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
      found = tuning.choices(config, task, trained, str(tmp_path / workdir))
    return found['logistic'], [r.getMessage() for r in caplog.records]

  return choose


def test_the_best_point_is_taken_and_nothing_said_of_the_middle(choose):
  numbers, warnings = choose(1.0, 0.001)
  assert (numbers['learning_rate'], numbers['weight_decay']) == (1.0, 0.001)
  assert not warnings


@pytest.mark.parametrize(
    ('rate', 'decay', 'key', 'value', 'grid'),
    [
        (0.1, 0.001, 'learning_rate', '0.1', '0.1, 1, 10'),
        (10.0, 0.001, 'learning_rate', '10', '0.1, 1, 10'),
        (1.0, 0.0001, 'weight_decay', '0.0001', '0.0001, 0.001, 0.01'),
        (1.0, 0.01, 'weight_decay', '0.01', '0.0001, 0.001, 0.01'),
    ],
)
def test_a_number_at_an_edge_of_its_grid_is_told_once(
    choose, rate, decay, key, value, grid
):
  numbers, [warning] = choose(rate, decay)
  assert warning == (
      f'logistic: the chosen {key}, {value}, is at an edge of its grid,'
      f' {grid}; a better one may lie beyond (hallucination.tuning.{key})'
  )
  # What is kept is not chosen anew.
  assert choose(rate, decay) == (numbers, [])


def test_both_numbers_may_be_at_an_edge_but_not_one_without_alternative(choose):
  _, warnings = choose(10.0, 0.01, 'both')
  assert [warning.split(',')[0] for warning in warnings] == [
      'logistic: the chosen learning_rate',
      'logistic: the chosen weight_decay',
  ]
  _, warnings = choose(10.0, 0.01, 'single', learning_rate=(10.0,))
  assert [warning.split(',')[0] for warning in warnings] == [
      'logistic: the chosen weight_decay'
  ]
