"""Label spaces against loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import evaluation, lowshot, types
from lsl_jax.evaluation import spaces

C, N = 4, 3  # as the task has them
PRIOR = 0.7


def _probabilities(logits, num_base, prior):
  """Shares within base and within novel classes, times the group's own."""
  result = []
  for group, share in (
      (logits[:num_base], 1 - prior),
      (logits[num_base:], prior),
  ):
    exponentials = [np.exp(float(z)) for z in group]
    result += [share * e / sum(exponentials) for e in exponentials]
  return result


def _oracle(logits, labels, num_base, prior, k):
  """Accuracies of logits `[Q, C + N]`, query by query."""
  right = {}
  for scores, label in zip(logits, labels, strict=True):
    group = 'base' if label < num_base else 'novel'
    classes = range(len(scores))
    own = [c for c in classes if (c < num_base) == (label < num_base)]
    shares = _probabilities(scores, num_base, prior)
    first = sorted(own, key=lambda c: -scores[c])[:k]
    likely = sorted(classes, key=lambda c: -shares[c])[:k]
    right.setdefault(f'{group}_only', []).append(label in first)
    for name in (f'{group}_prior', 'all_prior'):
      right.setdefault(name, []).append(label in likely)
  return {f'{name}/top{k}': np.mean(each) for name, each in right.items()}


def _classifier_logits(task, trial, shots, learner):
  base, pool, draws, queries, _ = task
  rows = draws[trial, :, :shots].reshape(-1)
  support = types.Support(
      jnp.asarray(pool[rows]), jnp.repeat(jnp.arange(N), shots), N
  )
  fitted = learner.fit(jax.random.key(0), base, support)
  return np.asarray(learner.predict(fitted, jnp.asarray(queries)))


@pytest.mark.parametrize('sweeps', [True, False])
def test_every_space_equals_loops_over_queries(task, sweeps):
  learner = lowshot.imprint(scale=4.0)
  learner = learner if sweeps else learner._replace(sweep=None)
  got = evaluation.generalized(
      jax.random.key(0),
      learner,
      *task,
      shots=(1, 5),
      top=(1, 2),
      spaces=spaces.SPACES,
      novel_prior=PRIOR,
      chunk=3,
      tile=16,
  )
  joint = evaluation.generalized(
      jax.random.key(0), learner, *task, shots=(1, 5), top=(1, 2)
  )
  for name, values in joint.items():
    np.testing.assert_array_equal(got[name], values)
  assert len(got) == len(joint) + 2 * 5
  for trial in (0, 6):
    for column, shots in enumerate((1, 5)):
      logits = _classifier_logits(task, trial, shots, learner)
      for k in (1, 2):
        expected = _oracle(logits, task[-1], C, PRIOR, k)
        assert len(expected) == 5
        for name, value in expected.items():
          np.testing.assert_allclose(got[name][trial, column], value, atol=1e-6)


def test_one_classifier_has_the_numbers_of_the_protocol(rng):
  logits = rng.normal(size=(50, C + N)).astype(np.float32)
  labels = rng.integers(0, C + N, 50)
  got = evaluation.accuracies(
      logits,
      labels,
      num_base=C,
      top=(2,),
      spaces=('own', 'prior'),
      novel_prior=PRIOR,
  )
  expected = _oracle(logits, labels, C, PRIOR, 2)
  assert set(got) == set(expected)
  for name, value in expected.items():
    np.testing.assert_allclose(got[name], value, atol=1e-6)


def test_a_prior_moves_groups_against_each_other_and_nothing_within(rng):
  logits = jnp.asarray(rng.normal(size=(20, C + N)), jnp.float32)
  likely, unlikely = (
      spaces.with_prior(logits, C, novel_prior=prior) for prior in (0.99, 0.01)
  )
  np.testing.assert_allclose(jnp.sum(jnp.exp(likely), -1), 1, rtol=1e-5)
  assert np.all(np.argmax(likely, -1) >= C)
  assert np.all(np.argmax(unlikely, -1) < C)
  for part in (slice(C), slice(C, None)):
    np.testing.assert_array_equal(
        np.argsort(likely[:, part]), np.argsort(logits[:, part])
    )


@pytest.mark.parametrize('sweeps', [True, False])
def test_a_query_that_is_not_a_number_is_wrong_in_every_space(task, sweeps):
  learner = lowshot.imprint()
  learner = learner if sweeps else learner._replace(sweep=None)
  base, pool, draws, queries, labels = task
  got = evaluation.generalized(
      jax.random.key(0),
      learner,
      base,
      pool,
      draws,
      np.full_like(queries, np.nan),
      labels,
      shots=(1,),
      top=(1, C + N),
      spaces=spaces.SPACES,
  )
  for name in ('novel', 'novel_only', 'base_only', 'all_prior'):
    np.testing.assert_array_equal(got[f'{name}/top1'], 0)


def test_without_base_classes_there_is_one_space(task):
  _, pool, draws, queries, labels = task
  got = evaluation.transfer(
      jax.random.key(0),
      lowshot.imprint(),
      pool,
      draws,
      queries[labels >= C],
      labels[labels >= C] - C,
      shots=(1,),
      top=(1,),
      spaces=spaces.SPACES,
  )
  assert set(got) == {'novel/top1'}


@pytest.mark.parametrize(
    ('names', 'prior', 'message'),
    [
        (('everything',), 0.5, 'joint, own, prior'),
        ((), 0.5, 'joint, own, prior'),
        (('own', 'own'), 0.5, 'each once'),
        (('prior',), 1.0, 'between 0 and 1'),
    ],
)
def test_other_spaces_and_priors_are_refused(task, names, prior, message):
  with pytest.raises(ValueError, match=message):
    evaluation.generalized(
        jax.random.key(0),
        lowshot.imprint(),
        *task,
        shots=(1,),
        spaces=names,
        novel_prior=prior,
    )
