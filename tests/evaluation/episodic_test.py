"""Episodic evaluation against loops in float64."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import evaluation, lowshot, types
from lsl_jax.evaluation import cores
from lsl_jax.evaluation.episodic import chunk_size

KEY = jax.random.key(3)
WAY, SHOTS, QUERIES, TASKS, BASE, DEPTH = 3, 2, 4, 5, 4, 6
NOVEL_CLASSES = 5
PROTOTYPES = lowshot.prototypical()
NONE = types.Base(jnp.zeros((0, DEPTH)))


def unit(x):
  return x / np.sqrt(np.sum(x**2))


@pytest.fixture
def task(rng):
  """Base, features, episodes, and base queries with their labels."""
  centres = rng.normal(size=(BASE + NOVEL_CLASSES, DEPTH))
  labels = np.repeat(np.arange(BASE + NOVEL_CLASSES), 10)
  features = centres[labels] + 1.2 * rng.normal(size=(len(labels), DEPTH))
  classes, support, query = [], [], []
  for _ in range(TASKS):
    chosen = BASE + rng.permutation(NOVEL_CLASSES)[:WAY]
    images = [10 * c + rng.permutation(10)[: SHOTS + QUERIES] for c in chosen]
    classes.append(chosen)
    support.append([i[:SHOTS] for i in images])
    query.append([i[SHOTS:] for i in images])
  episodes = types.Episode(
      *(np.array(x, np.int32) for x in (classes, support, query))
  )
  base_queries = rng.integers(10 * BASE, size=(TASKS, 7)).astype(np.int32)
  return (
      types.Base(jnp.asarray(centres[:BASE], jnp.float32)),
      features.astype('f'),
      episodes,
      base_queries,
      labels[base_queries].astype(np.int32),
  )


def by_loops(base, features, episodes, base_queries, base_labels):
  features, base = features.astype(np.float64), np.asarray(base, np.float64)
  table = {f'{name}/top1': [] for name in ('novel', 'base', 'all')}
  for t in range(TASKS):
    rows = [unit(row) for row in base]
    for c in range(WAY):
      members = [features[i] for i in episodes.support[t, c]]
      rows.append(unit(sum(members) / SHOTS))
    score = lambda i: [row @ unit(features[i]) for row in rows]  # noqa: B023
    novel, known, both = [], [], []
    for c in range(WAY):
      for i in episodes.query[t, c]:
        novel.append(np.argmax(score(i)[BASE:]) == c)
        both.append(np.argmax(score(i)) == BASE + c)
    for i, label in zip(base_queries[t], base_labels[t], strict=True):
      known.append(np.argmax(score(i)[:BASE]) == label)
      both.append(np.argmax(score(i)) == label)
    for name, right in zip(table, (novel, known, both), strict=True):
      table[name].append(np.mean(right))
  return table


def test_accuracies_are_those_of_every_task_by_itself(task):
  base, features, episodes, base_queries, base_labels = task
  measured = evaluation.episodic(
      KEY,
      PROTOTYPES,
      base,
      features,
      episodes,
      base_queries=base_queries,
      base_labels=base_labels,
  )
  expected = by_loops(base.templates, *task[1:])
  assert set(measured) == set(expected)
  for name, values in expected.items():
    np.testing.assert_allclose(measured[name], values, atol=1e-6, err_msg=name)
  assert len(set(expected['all/top1'])) > 1


def test_without_base_classes_only_novel_ones_are_measured(task):
  _, features, episodes, *_ = task
  measured = evaluation.episodic(KEY, PROTOTYPES, NONE, features, episodes)
  expected = by_loops(task[0].templates, *task[1:])
  assert set(measured) == {'novel/top1'}
  np.testing.assert_allclose(
      measured['novel/top1'], expected['novel/top1'], atol=1e-6
  )


@pytest.mark.parametrize('chunk', [1, 2, 5])
def test_the_chunk_changes_nothing(task, chunk):
  _, features, episodes, *_ = task
  rest = evaluation.episodic(KEY, PROTOTYPES, NONE, features, episodes)
  np.testing.assert_array_equal(
      evaluation.episodic(
          KEY, PROTOTYPES, NONE, features, episodes, chunk=chunk
      )['novel/top1'],
      rest['novel/top1'],
  )


@pytest.mark.parametrize(
    'learner',
    [
        lowshot.imprint(),
        lowshot.nearest_neighbour(),
        lowshot.random_templates(),
    ],
)
def test_learners_of_other_papers_run_among_all_classes(task, learner):
  base, features, episodes, base_queries, base_labels = task
  measured = evaluation.episodic(
      KEY,
      learner,
      base,
      features,
      episodes,
      base_queries=base_queries,
      base_labels=base_labels,
  )
  for t in (0, 3):
    support = types.Support(
        jnp.asarray(features[episodes.support[t].reshape(-1)]),
        jnp.repeat(jnp.arange(WAY), SHOTS),
        WAY,
    )
    fitted = learner.fit(jax.random.fold_in(KEY, t), base, support)
    logits = learner.predict(fitted, features[episodes.query[t].reshape(-1)])
    right = np.argmax(logits[:, BASE:], 1) == np.repeat(np.arange(WAY), QUERIES)
    np.testing.assert_allclose(
        measured['novel/top1'][t], right.mean(), atol=1e-6
    )
  assert set(measured) == {'novel/top1', 'base/top1', 'all/top1'}


def test_a_learner_that_restricts_is_asked_to_rather_than_cut(task):
  base, features, episodes, base_queries, base_labels = task
  calls = []

  def restrict(rows, first, last):
    calls.append((first, last))
    return rows[first:last]

  learner = types.Learner(PROTOTYPES.fit, PROTOTYPES.predict, restrict=restrict)
  evaluation.episodic(
      KEY,
      learner,
      base,
      features,
      episodes,
      base_queries=base_queries,
      base_labels=base_labels,
  )
  assert set(calls) == {(BASE, BASE + WAY), (0, BASE)}


def test_features_may_be_a_tree_of_arrays(task):
  _, features, episodes, *_ = task
  tree = {'left': features[:, :2], 'right': features[:, 2:]}
  join = lambda x: jnp.concatenate([x['left'], x['right']], -1)
  learner = types.Learner(
      lambda key, base, support: PROTOTYPES.fit(
          key, base, support.replace(features=join(support.features))
      ),
      lambda fitted, x: PROTOTYPES.predict(fitted, join(x)),
  )
  np.testing.assert_array_equal(
      evaluation.episodic(KEY, learner, NONE, tree, episodes)['novel/top1'],
      evaluation.episodic(KEY, PROTOTYPES, NONE, features, episodes)[
          'novel/top1'
      ],
  )


@pytest.mark.parametrize('threads', [1, 2, 7])
def test_chunks_of_all_cores_fit_the_budget(task, monkeypatch, threads):
  monkeypatch.setattr(cores, 'threads', lambda: threads)
  _, features, episodes, *_ = task
  task_bytes = WAY * (SHOTS + QUERIES) * DEPTH * 4
  size = functools.partial(chunk_size, features, episodes, None)
  assert size(3.1 * threads * 4 * task_bytes / 1e9) == 3
  assert size(0.0) == 1
  assert size(100.0) <= 2**20 // task_bytes


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'base_queries': None}, 'give base_queries and base_labels'),
        ({'base_labels': np.zeros((TASKS, 6), int)}, 'base_labels of shape'),
        (
            {'base_labels': np.full((TASKS, 7), BASE)},
            r'base_labels are 4 .. 4; accepted: 0 .. 3',
        ),
        ({'base_queries': np.zeros((2, 7), int)}, r'\[T, P\] for 5 tasks'),
        ({'base_queries': np.zeros((TASKS, 7))}, 'must be integers'),
    ],
)
def test_what_does_not_fit_together_is_refused(task, change, message):
  base, features, episodes, base_queries, base_labels = task
  given = {'base_queries': base_queries, 'base_labels': base_labels, **change}
  with pytest.raises(ValueError, match=message):
    evaluation.episodic(KEY, PROTOTYPES, base, features, episodes, **given)


def test_indices_beyond_the_features_are_refused(task):
  _, features, episodes, *_ = task
  with pytest.raises(ValueError, match=r'support are .* accepted: 0 .. 39'):
    evaluation.episodic(KEY, PROTOTYPES, NONE, features[:40], episodes)
  with pytest.raises(ValueError, match='same images'):
    evaluation.episodic(
        KEY, PROTOTYPES, NONE, (features, features[1:]), episodes
    )
  with pytest.raises(ValueError, match='must hold support'):
    evaluation.episodic(
        KEY,
        PROTOTYPES,
        NONE,
        features,
        episodes._replace(query=episodes.query[:2]),
    )
