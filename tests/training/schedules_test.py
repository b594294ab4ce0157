import math
import types

import jax
import numpy as np
import pytest

from lsl_jax.training import schedules


def _rates(spec, steps, **settings):
  settings = {
      'learning_rate': 0.2,
      'steps_per_epoch': 10,
      'num_steps': 100,
      **settings,
  }
  schedule = jax.jit(schedules.make(spec, **settings))
  return [float(schedule(step)) for step in steps]


def test_constant_is_the_default_and_does_not_change():
  np.testing.assert_allclose(_rates({}, [0, 50, 1000]), 0.2)


def test_step_multiplies_at_each_boundary_and_not_before():
  spec = {'name': 'step', 'boundaries': (3, 6), 'factor': 0.1}
  np.testing.assert_allclose(
      _rates(spec, [0, 29, 30, 59, 60, 99]),
      [0.2, 0.2, 0.02, 0.02, 0.002, 0.002],
      rtol=1e-6,
  )


def test_step_takes_a_factor_for_each_boundary():
  spec = {'name': 'step', 'boundaries': [1, 3], 'factor': [10.0, 0.1]}
  np.testing.assert_allclose(
      _rates(spec, [9, 10, 30]), [0.2, 2.0, 0.2], rtol=1e-6
  )


def test_boundaries_may_be_fractions_of_an_epoch():
  spec = {'name': 'step', 'boundaries': (0.5,), 'factor': 0.5}
  np.testing.assert_allclose(_rates(spec, [4, 5]), [0.2, 0.1], rtol=1e-6)


def test_exponential_is_the_papers_staircase_every_four_epochs():
  spec = {'name': 'exponential', 'rate': 0.94, 'every': 4}
  steps = [0, 39, 40, 79, 80, 1119]
  expected = [0.2 * 0.94 ** (step // 40) for step in steps]
  np.testing.assert_allclose(_rates(spec, steps), expected, rtol=2e-6)


def test_cosine_falls_from_the_rate_to_its_final_fraction():
  steps = [0, 25, 50, 99, 100, 200]
  expected = [
      0.2 * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * min(s, 100) / 100)))
      for s in steps
  ]
  np.testing.assert_allclose(
      _rates({'name': 'cosine', 'final': 0.1}, steps), expected, rtol=1e-5
  )


def test_warm_up_climbs_on_a_line_and_the_cosine_begins_where_it_ends():
  spec = {'name': 'cosine', 'warm_up': 2, 'warm_up_from': 0.1}
  expected = [
      0.2 * 0.1,
      0.2 * 0.55,
      0.2,
      0.2 * 0.5 * (1 + math.cos(math.pi * 40 / 80)),
  ]
  np.testing.assert_allclose(_rates(spec, [0, 10, 20, 60]), expected, rtol=1e-5)


def test_an_object_with_attributes_is_a_recipe_too():
  spec = types.SimpleNamespace(name='exponential', rate=0.5, every=1)
  np.testing.assert_allclose(_rates(spec, [10]), [0.1], rtol=1e-6)


@pytest.mark.parametrize(
    ('spec', 'message'),
    [
        ({'name': 'steps'}, "Unknown schedule 'steps'.*constant, cosine, expo"),
        ({'name': 'step', 'factor': 0.1}, 'needs boundaries. Valid settings'),
        (
            {'name': 'cosine', 'rate': 0.1},
            'no setting rate. Valid.*final, warm',
        ),
        (
            {'name': 'step', 'boundaries': (1, 2), 'factor': (0.1,)},
            '2 boundaries need as many factors',
        ),
        (
            {'name': 'step', 'boundaries': (2, 1), 'factor': 0.1},
            r'must ascend; they are \(2, 1\)',
        ),
        (
            {'name': 'exponential', 'rate': 0.9, 'every': 0.01},
            'less than one step',
        ),
        ({'name': 'cosine', 'warm_up': 10}, '100 steps does not fit'),
    ],
)
def test_a_wrong_recipe_is_told_what_is_right(spec, message):
  with pytest.raises(ValueError, match=message):
    _rates(spec, [0])


def test_restarts_begin_anew_after_ever_longer_cycles():
  # 12 epochs, doubled four times: the 372 epochs of Barz and Denzler.
  schedule = schedules.make(
      {'name': 'restarts', 'cycle': 12},
      learning_rate=0.5,
      steps_per_epoch=10,
      num_steps=3720,
  )
  start = 0
  for length in (120, 240, 480, 960, 1920):
    for share in (0.0, 0.25, 0.5, 0.9):
      expected = 0.25 * (1 + math.cos(math.pi * share))
      got = float(schedule(start + round(share * length)))
      assert got == pytest.approx(expected, abs=1e-5)
    start += length
  assert start == 3720


def test_cycles_shorter_than_a_step_are_refused():
  with pytest.raises(ValueError, match='at least one step'):
    schedules.make(
        {'name': 'restarts', 'cycle': 0.01},
        learning_rate=1.0,
        steps_per_epoch=10,
        num_steps=10,
    )
