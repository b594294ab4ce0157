"""Tests of the protocols against loops in float64."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import evaluation, lowshot, types

KEY = jax.random.key(3)
IMPRINT = lowshot.imprint()
SHOTS = (1, 2, 5)
C, N = 4, 3  # as the task has them


def _unit(x):
  return x / np.sqrt(np.sum(x**2))


def _oracle(base, pool, draws, queries, labels, shots, top):
  """The whole generalized protocol with imprinting, one query at a time."""
  num_base, (trials, num_novel, _) = len(base), draws.shape
  names = ('novel', 'base', 'all', 'harmonic')
  table = {
      f'{n}/top{k}': np.zeros((trials, len(shots))) for n in names for k in top
  }
  for t in range(trials):
    for j, n in enumerate(shots):
      rows = [_unit(row) for row in base]
      for c in range(num_novel):
        total = np.zeros(base.shape[1])
        for k in range(n):
          total += _unit(pool[draws[t, c, k]])
        rows.append(_unit(total / n))
      right = {k: {'novel': [], 'base': []} for k in top}
      for query, label in zip(queries, labels, strict=True):
        scores = [float(np.dot(_unit(query), row)) for row in rows]
        order = sorted(range(len(rows)), key=lambda c: (-scores[c], c))
        kind = 'base' if label < num_base else 'novel'
        for k in top:
          right[k][kind].append(label in order[:k])
      for k in top:
        novel, seen = np.mean(right[k]['novel']), np.mean(right[k]['base'])
        table[f'novel/top{k}'][t, j] = novel
        table[f'base/top{k}'][t, j] = seen
        both = right[k]['novel'] + right[k]['base']
        table[f'all/top{k}'][t, j] = np.mean(both)
        table[f'harmonic/top{k}'][t, j] = 2 * novel * seen / (novel + seen)
  return table


def _assert_close(got, expected):
  assert set(got) == set(expected)
  for name, values in expected.items():
    np.testing.assert_allclose(got[name], values, atol=1e-6, err_msg=name)


@pytest.mark.parametrize('sweeps', [True, False])
@pytest.mark.parametrize(
    'sizes', [{}, {'chunk': 3, 'tile': 16}, {'chunk': 100, 'tile': 7}]
)
def test_it_equals_loops_over_draws_shots_and_queries(task, sweeps, sizes):
  base, pool, draws, queries, labels = task
  learner = IMPRINT if sweeps else IMPRINT._replace(sweep=None)
  got = evaluation.generalized(
      KEY, learner, *task, shots=SHOTS, top=(1, 2), **sizes
  )
  doubles = (np.asarray(a, np.float64) for a in (base.templates, pool))
  expected = _oracle(
      *doubles, draws, queries.astype(np.float64), labels, SHOTS, (1, 2)
  )
  _assert_close(got, expected)
  assert got['all/top1'].shape == (7, 3)
  assert got['all/top1'].dtype == jnp.float32
  assert np.ptp(got['novel/top1']) > 0.1  # not a constant, such as 0 or 1


@pytest.mark.parametrize('sweeps', [True, False])
def test_transfer_equals_loops_over_novel_classes_alone(task, sweeps):
  _, pool, draws, queries, labels = task
  learner = IMPRINT if sweeps else IMPRINT._replace(sweep=None)
  novel = labels >= C
  got = evaluation.transfer(
      KEY,
      learner,
      pool,
      draws,
      queries[novel],
      labels[novel] - C,
      shots=SHOTS,
      top=(1, 2),
  )
  assert set(got) == {'novel/top1', 'novel/top2'}
  for t, draw in enumerate(draws):
    for j, n in enumerate(SHOTS):
      rows = [
          _unit(sum(_unit(pool[i].astype(np.float64)) for i in row[:n]))
          for row in draw
      ]
      for k in (1, 2):
        right = [
            label - C in np.argsort([-row @ query for row in rows])[:k]
            for query, label in zip(queries[novel], labels[novel], strict=True)
        ]
        np.testing.assert_allclose(
            got[f'novel/top{k}'][t, j], np.mean(right), atol=1e-6
        )


@pytest.mark.parametrize(
    'learner',
    [
        lowshot.nearest_neighbour(),
        lowshot.imprint(scale=jnp.arange(1.0, 1 + C)),
    ],
)
def test_both_paths_agree_on_augmented_views(task, rng, learner):
  base, pool, *rest = task
  views = pool[:, None] + 0.5 * rng.normal(size=(len(pool), 3, pool.shape[1]))
  views = jnp.asarray(views, jnp.float32)
  by_sweep, by_fit = (
      evaluation.generalized(KEY, one, base, views, *rest, shots=SHOTS)
      for one in (learner, learner._replace(sweep=None))
  )
  _assert_close(by_sweep, by_fit)


def test_learners_that_draw_numbers_get_a_key_for_each_trial(task):
  base, pool, draws, queries, labels = task
  learner = lowshot.random_templates()
  got = evaluation.generalized(
      KEY, learner, *task, shots=(1, 5), top=(1,), chunk=2
  )
  for t in range(len(draws)):
    support = types.Support(jnp.asarray(pool[draws[t, :, 0]]), jnp.arange(N), N)
    fitted = learner.fit(jax.random.fold_in(KEY, t), base, support)
    logits = learner.predict(fitted, jnp.asarray(queries))
    expected = np.mean(np.argmax(logits, 1) == labels)
    np.testing.assert_allclose(got['all/top1'][t], [expected] * 2, atol=1e-6)
  assert len(np.unique(got['all/top1'][:, 0])) > 1


@pytest.mark.parametrize('sweeps', [True, False])
def test_shots_are_prefixes_of_the_draw(task, sweeps):
  base, pool, draws, queries, labels = task
  learner = IMPRINT if sweeps else IMPRINT._replace(sweep=None)
  evaluate = functools.partial(evaluation.generalized, KEY, learner, base, pool)
  whole = evaluate(draws, queries, labels, shots=SHOTS)
  for j, n in enumerate(SHOTS):
    part = evaluate(draws[..., :n], queries, labels, shots=(n,))
    for name, values in part.items():
      np.testing.assert_array_equal(values[:, 0], whole[name][:, j])


def test_the_compiled_memory_grows_with_neither_draws_nor_queries(task):
  base, pool, draws, queries, labels = task
  temporary = []
  for repeats in (8, 64):
    lowered = jax.jit(
        lambda *a: evaluation.generalized(
            KEY, IMPRINT, base, pool, *a, shots=(1, 5), chunk=16, tile=16
        )
    ).lower(
        np.tile(draws, (repeats, 1, 1)),
        np.tile(queries, (repeats, 1)),
        np.tile(labels, repeats),
    )
    analysis = lowered.compile().memory_analysis()
    temporary.append(analysis.temp_size_in_bytes)
  logits = 64 * 7 * 64 * 41 * 2 * N * 4  # what all at once would take
  assert temporary[1] < 12 * temporary[0] < logits / 8


def test_accuracies_of_one_classifier_are_those_of_the_protocol(task):
  base, pool, draws, queries, labels = task
  support = types.Support(jnp.asarray(pool[draws[0, :, 0]]), jnp.arange(N), N)
  logits = IMPRINT.predict(
      IMPRINT.fit(KEY, base, support), jnp.asarray(queries)
  )
  got = evaluation.accuracies(logits, labels, num_base=C, top=(1, 5))
  expected = evaluation.generalized(KEY, IMPRINT, *task, shots=(1,))
  assert all(type(value) is float for value in got.values())
  _assert_close(got, {name: v[0, 0] for name, v in expected.items()})
  alone = evaluation.accuracies(logits[:, C:], labels - C, num_base=0)
  assert set(alone) == {'novel/top1', 'novel/top5'}
  assert alone['novel/top5'] == 1


def test_predictions_are_what_the_accuracy_counts(task):
  base, pool, draws, queries, labels = task
  support = types.Support(jnp.asarray(pool[draws[0, :, 0]]), jnp.arange(N), N)
  queries[5] = np.nan
  got = evaluation.predictions(KEY, IMPRINT, base, support, queries, tile=16)
  assert got[5] == -1 and got.dtype == jnp.int32
  expected = evaluation.generalized(
      KEY, IMPRINT, base, pool, draws[:1], queries, labels, shots=(1,)
  )
  np.testing.assert_allclose(
      np.mean(got == labels), expected['all/top1'][0, 0], rtol=1e-6
  )
