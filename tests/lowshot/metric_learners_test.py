"""Learners of metric-based methods: nearest means, AM3, matching networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, models, types

KEY = jax.random.key(0)
NO_BASE = types.Base(jnp.zeros((0, 4)))


@pytest.fixture
def task(rng):
  """Support of three classes, two examples each, and queries."""
  features = jnp.float32(rng.normal(size=(6, 4)))
  labels = jnp.array([2, 0, 1, 1, 2, 0])
  queries = np.float32(rng.normal(size=(2, 5, 4)))
  return types.Support(features, labels, 3), queries


def _means(support):
  features, labels = np.float64(support.features), np.asarray(support.labels)
  return np.stack([features[labels == c].mean(0) for c in range(3)])


def test_logits_are_minus_the_distances_to_class_means(task):
  support, queries = task
  for metric, power in (('euclidean', 1), ('squared_euclidean', 2)):
    learner = lowshot.metric_prototypes(metric=metric, scale=3.0)
    found = learner.predict(learner.fit(KEY, NO_BASE, support), queries)
    expected = [
        [
            [-3 * np.linalg.norm(x - m) ** power for m in _means(support)]
            for x in row
        ]
        for row in np.float64(queries)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_base_classes_are_means_of_their_features_or_their_templates(task):
  support, queries = task
  learner = lowshot.metric_prototypes(metric='euclidean')
  features = jnp.float32([[1, 0, 0, 0], [3, 0, 0, 0], [0, 5, 0, 0]])
  templates = jnp.eye(4)[:2]
  with_features = types.Base(templates, features, jnp.array([0, 0, 1]))
  for base, expected in (
      (with_features, [[2, 0, 0, 0], [0, 5, 0, 0]]),
      (types.Base(templates), templates),
  ):
    means = learner.fit(KEY, base, support)
    np.testing.assert_allclose(means[:2], expected)
    assert learner.predict(means, queries).shape == (2, 5, 5)


def test_am3_mixes_means_with_names_and_never_reads_a_querys(task, rng):
  support, queries = task
  vectors = jnp.float32(rng.normal(size=(3, 6)))
  mixture = models.CrossModalMixture(5, normalise=False)
  means = jnp.float32(_means(support))
  variables = jax.jit(mixture.init, static_argnames='train')(
      KEY, means, vectors, train=False
  )
  learner = lowshot.cross_modal_means(variables, mixture, size=4)
  named = jnp.concatenate([support.features, vectors[support.labels]], axis=1)
  fitted = learner.fit(KEY, NO_BASE, support.replace(features=named))
  np.testing.assert_allclose(
      fitted,
      mixture.apply(variables, means, vectors, train=False),
      rtol=1e-4,
      atol=1e-5,
  )
  found = learner.predict(fitted, queries)
  told = jnp.concatenate([queries, 1e6 * jnp.ones((2, 5, 6))], axis=-1)
  np.testing.assert_array_equal(learner.predict(fitted, told), found)
  np.testing.assert_allclose(
      found[0, 0, 0],
      -np.linalg.norm(np.float64(queries[0, 0]) - np.float64(fitted[0])),
      rtol=1e-5,
  )


def test_am3_needs_word_vectors_of_base_classes(task, rng):
  support, _ = task
  vectors = jnp.float32(rng.normal(size=(5, 6)))
  mixture = models.CrossModalMixture(5, normalise=False)
  variables = mixture.init(KEY, jnp.ones((3, 4)), vectors[:3], train=False)
  base = types.Base(jnp.eye(4)[:2])
  named = support.replace(
      features=jnp.concatenate(
          [support.features, vectors[support.labels]], axis=1
      )
  )
  with pytest.raises(ValueError, match='a word vector of each of the 2 base'):
    lowshot.cross_modal_means(variables, mixture, size=4).fit(KEY, base, named)
  learner = lowshot.cross_modal_means(
      variables, mixture, size=4, base_semantics=vectors[3:]
  )
  assert learner.fit(KEY, base, named).shape == (5, 4)


def test_matching_sums_attention_over_each_classs_examples(task):
  support, queries = task
  learner = lowshot.cosine_matching(scale=5.0)
  base = types.Base(jnp.eye(4)[:2])
  found = learner.predict(learner.fit(KEY, base, support), queries)
  examples = np.concatenate([np.eye(4)[:2], np.float64(support.features)])
  labels = [0, 1, *(2 + np.asarray(support.labels))]
  for i, x in np.ndenumerate(np.zeros((2, 5))):
    x = np.float64(queries[i])
    weights = [
        np.exp(5 * x @ e / np.linalg.norm(x) / np.linalg.norm(e))
        for e in examples
    ]
    for c in range(5):
      own = sum(w for w, y in zip(weights, labels, strict=True) if y == c)
      np.testing.assert_allclose(
          found[(*i, c)], np.log(own / sum(weights)), rtol=1e-4
      )


def test_all_of_them_run_for_many_tasks_in_one_program(task):
  support, queries = task
  many = jax.tree.map(lambda x: jnp.stack([x, x[::-1]]), support)
  for learner in (lowshot.metric_prototypes(), lowshot.cosine_matching()):

    def run(support, learner=learner):
      return learner.predict(learner.fit(KEY, NO_BASE, support), queries[0])

    found = jax.jit(jax.vmap(run))(many)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[0], run(support), rtol=1e-4, atol=1e-5)
