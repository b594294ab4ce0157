"""Tests of what the protocols refuse."""

import jax
import numpy as np
import pytest

from lsl_jax import evaluation, lowshot

KEY = jax.random.key(3)
IMPRINT = lowshot.imprint()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'draws': np.zeros((2, 3), np.int32)}, r'draws must be \[T, N, K\]'),
        (
            {'draws': np.full((1, 3, 5), 24)},
            '24 .. 24 of a pool that has 0 .. 23',
        ),
        ({'draws': np.zeros((1, 3, 5))}, 'draws must be integers, not float64'),
        ({'labels': np.zeros(40, np.int32)}, 'for 41 query features'),
        ({'labels': np.arange(41)}, 'lie in 0 .. 40; with 4 base and 3 novel'),
        ({'labels': np.zeros(41, np.int32)}, 'no novel class'),
        ({'labels': np.full(41, 5)}, 'no base class'),
        ({'shots': (1, 6)}, '6 shots, but draws hold 5'),
        ({'shots': (2, 1)}, r'increasing, not \(2, 1\)'),
        ({'shots': (0, 1)}, r'increasing, not \(0, 1\)'),
        ({'top': (0,)}, r'guesses from 1 on, not \(0,\)'),
    ],
)
def test_what_does_not_fit_together_is_refused(task, change, message):
  base, pool, draws, queries, labels = task
  given = {
      'draws': draws,
      'labels': labels,
      'shots': (1,),
      'top': (1,),
  } | change
  with pytest.raises(ValueError, match=message):
    evaluation.generalized(
        KEY,
        IMPRINT,
        base,
        pool,
        given['draws'],
        queries,
        given['labels'],
        shots=given['shots'],
        top=given['top'],
    )
