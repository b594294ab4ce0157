"""Tests of ties, NaN and infinities in the joint label space."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import evaluation, lowshot, types

KEY = jax.random.key(3)
IMPRINT = lowshot.imprint()
C, N = 4, 3  # as the task has them


def _constant(novel_logits, base_logits, *, sweeps):
  """A learner that scores all queries alike; finite, NaN or infinite."""
  logits = jnp.array([*base_logits, *novel_logits], jnp.float32)

  def predict(classifier, features):
    del classifier
    return jnp.broadcast_to(logits, (*features.shape[:-1], logits.size))

  def sweep(base, pool, draws, shots):
    def score(queries):
      shape = (logits.size, len(queries))
      table = jnp.broadcast_to(logits[:, None], shape)

      def novel(draws):
        shape = (len(draws), N, len(queries))
        return (jnp.broadcast_to(table[None, C:], shape),) * len(shots)

      return table[:C], novel

    return draws, score

  return types.Learner(
      lambda key, base, support: (), predict, sweep if sweeps else None
  )


@pytest.mark.parametrize('sweeps', [True, False])
@pytest.mark.parametrize(
    ('base', 'novel', 'right'),
    [
        ([0] * C, [0] * N, {1: [0], 5: [0, 1, 2, 3, 4]}),
        ([1, 3, 3, 0], [3, 9, 3], {1: [5], 5: [1, 2, 4, 5, 6]}),
        ([1, 2, 3, 4], [5, np.nan, 7], {1: [], 5: []}),
        ([1, np.nan, 3, 4], [5, 6, 7], {1: [], 5: []}),
        ([np.nan] * C, [np.nan] * N, {1: [], 5: []}),
        ([0, np.inf, 0, 0], [np.inf, -np.inf, 1], {1: [1], 5: [0, 1, 2, 4, 6]}),
    ],
)
def test_ties_go_to_the_first_class_and_nan_is_wrong(
    task, sweeps, base, novel, right
):
  *given, labels = task
  learner = _constant(novel, base, sweeps=sweeps)
  got = evaluation.generalized(KEY, learner, *given, labels, shots=(1,))
  for k, classes in right.items():
    expected = np.mean(np.isin(labels, classes))
    np.testing.assert_allclose(got[f'all/top{k}'], expected, atol=1e-6)
    expected = np.mean(np.isin(labels[labels >= C], classes))
    np.testing.assert_allclose(got[f'novel/top{k}'], expected, atol=1e-6)


@pytest.mark.parametrize('sweeps', [True, False])
def test_a_nan_query_is_wrong_and_harms_no_other(task, sweeps):
  learner = IMPRINT if sweeps else IMPRINT._replace(sweep=None)
  base, pool, draws, queries, labels = task
  evaluate = functools.partial(
      evaluation.generalized,
      KEY,
      learner,
      base,
      pool,
      draws,
      shots=(2,),
      top=(1, 99),
  )
  broken = queries.copy()
  broken[-1] = np.nan
  got, rest = evaluate(broken, labels), evaluate(queries[:-1], labels[:-1])
  np.testing.assert_allclose(
      got['all/top1'] * 41, rest['all/top1'] * 40, rtol=1e-5
  )
  np.testing.assert_allclose(got['all/top99'], 40 / 41, rtol=1e-6)
