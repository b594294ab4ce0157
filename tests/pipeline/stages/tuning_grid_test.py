"""Which numbers are tried, and as how many programs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import evaluation
from lsl_jax.pipeline.learners import hallucination_learners
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import tuning_grid
from lsl_jax.pipeline.variants import shrinking

LEARNER = 'logistic_hallucinate'


@pytest.fixture
def config(get_config):
  config = get_config('sgm_glyphs:smoke')
  tuning = config.hallucination.tuning
  tuning.learning_rate = (0.5,)
  tuning.weight_decay = (0.25, 0.125)
  tuning.per_class = (2, 6)
  return config


@pytest.fixture
def programs(monkeypatch):
  """The numbers that are not traced, by program, of a learner made up.

  Its accuracies, in two draws, are its numbers themselves.
  """
  static = []

  def make(context, numbers):
    static.append(
        {k: v for k, v in numbers.items() if not isinstance(v, jax.core.Tracer)}
    )
    return jnp.array(
        [
            [numbers['per_class'] + numbers['weight_decay']],
            [numbers['learning_rate']],
        ]
    )

  _, names = hallucination_learners.TUNED[LEARNER]
  monkeypatch.setitem(hallucination_learners.TUNED, LEARNER, (make, names))
  monkeypatch.setattr(
      evaluation,
      'generalized',
      lambda key, learner, *arrays, shots, top: {f'all/top{top[0]}': learner},
  )
  monkeypatch.delitem(tuning_grid._NEEDS, LEARNER)
  return static


@pytest.mark.parametrize(
    ('solver', 'balance', 'expected'),
    [
        # Classes without a number are passed over: k may be traced.
        ('sgd', 'paper', [{'at_most': 6}]),
        ('sgd', 'authors', [{'per_class': 2}, {'per_class': 6}]),
        ('full', 'paper', [{'at_most': 6}]),
        ('full', 'authors', [{'per_class': 2}, {'per_class': 6}]),
    ],
)
def test_each_number_of_generated_examples_is_a_program_where_it_is_a_shape(
    config, programs, problem, trained, tmp_path, solver, balance, expected
):
  config.hallucination.logistic.solver = solver
  config.hallucination.logistic.balance = balance
  task = task_lib.make_task(config, problem)
  points = tuning_grid.grid(config, LEARNER)
  assert len(points) == 4
  found = tuning_grid.accuracies(
      config, task, trained, str(tmp_path), LEARNER, points
  )
  rate = 0.5
  if solver == 'full':  # which has none: the config's own is passed on
    rate = config.hallucination.logistic.learning_rate
    expected = [{'learning_rate': rate, **static} for static in expected]
  assert programs == expected
  np.testing.assert_allclose(
      found,
      [[[p['per_class'] + p['weight_decay']], [rate]] for p in points],
      rtol=1e-6,
  )


def test_lbfgs_is_tried_without_a_rate_and_model_regression_with_one(config):
  numbers = lambda learner: [*tuning_grid.grid(config, learner)[0]]
  every = ['learning_rate', 'weight_decay', 'per_class']
  assert numbers(LEARNER) == every
  shrinking.converged(config)
  assert numbers('logistic') == numbers('logistic_aug') == every[1:2]
  assert tuning_grid.grid(config, LEARNER) == [
      {'weight_decay': decay, 'per_class': number}
      for decay in (0.25, 0.125)
      for number in (2, 6)
  ]
  # It is fitted by SGD, whatever the solver of the others.
  assert numbers('model_regression') == every[:2]
