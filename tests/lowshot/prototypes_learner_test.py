"""Prototypes of pooled and dense features against loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, ops, types
from lsl_jax.lowshot import prototypes

KEY = jax.random.key(0)
PAIRS = [
    (support, query)
    for support in ('gap', 'gmp')
    for query in ('gap', 'gmp', 'dense')
] + [('flatten', 'flatten')]


def unit(x):
  return x / np.sqrt(np.sum(x**2))


def pooled(image, how):
  """A vector of a map `[H, W, D]`."""
  cells = [cell for row in image for cell in row]
  if how == 'gap':
    return sum(cells) / len(cells)
  if how == 'gmp':
    return np.array([max(c[d] for c in cells) for d in range(len(cells[0]))])
  return np.concatenate(cells)


def by_loops(base, maps, labels, queries, support, query, scale):
  """Scores of every query, equation by equation."""
  rows = list(base)
  for c in range(max(labels) + 1):
    members = [
        pooled(m, support) for m, y in zip(maps, labels, strict=True) if y == c
    ]
    rows.append(sum(members) / len(members))
  scores = []
  for image in queries:
    if query != 'dense':
      vector = unit(pooled(image, query))
      scores.append([scale * vector @ unit(row) for row in rows])
      continue
    total = np.zeros(len(rows))
    cells = [cell for row in image for cell in row]
    for cell in cells:
      exponents = np.exp([scale * unit(cell) @ unit(row) for row in rows])
      total += exponents / exponents.sum()
    scores.append(np.log(total / len(cells)))
  return np.array(scores)


def problem(rng, depth=5):
  maps = rng.normal(size=(6, 2, 3, depth)).astype('f') + 0.5
  queries = rng.normal(size=(4, 2, 3, depth)).astype('f') + 0.5
  labels = np.array([1, 0, 1, 0, 0, 2])
  return maps, labels, queries


@pytest.mark.parametrize(('support', 'query'), PAIRS)
def test_scores_are_those_of_the_equations(rng, support, query):
  maps, labels, queries = problem(rng)
  depth = 30 if support == 'flatten' else 5
  base = rng.normal(size=(2, depth)).astype('f')
  learner = lowshot.prototypical(scale=7.0, support=support, query=query)

  @jax.jit
  def scores(base, maps, labels, queries):
    fitted = learner.fit(
        KEY, types.Base(base), types.Support(maps, labels, num_classes=3)
    )
    return learner.predict(fitted, queries)

  expected = by_loops(
      *(x.astype(np.float64) for x in (base, maps)),
      labels,
      queries.astype(np.float64),
      support,
      query,
      7.0,
  )
  np.testing.assert_allclose(
      scores(base, maps, labels, queries), expected, rtol=1e-4, atol=1e-4
  )


def test_a_restricted_classifier_assigns_among_its_classes_alone(rng):
  maps, labels, queries = problem(rng)
  base = types.Base(jnp.asarray(rng.normal(size=(2, 5)).astype('f')))
  learner = lowshot.prototypical(query='dense')
  support = types.Support(jnp.asarray(maps), jnp.asarray(labels), 3)
  alone = types.Base(base.templates[:0])
  np.testing.assert_allclose(
      learner.predict(
          learner.restrict(learner.fit(KEY, base, support), 2, 5), queries
      ),
      learner.predict(learner.fit(KEY, alone, support), queries),
      rtol=1e-5,
  )


def test_stored_vectors_need_no_pooling(rng):
  maps, labels, queries = problem(rng)
  learner = lowshot.prototypical()
  fitted = [
      learner.fit(
          KEY,
          types.Base(jnp.zeros((0, 5))),
          types.Support(jnp.asarray(x), jnp.asarray(labels), 3),
      )
      for x in (maps, maps.mean((1, 2)))
  ]
  np.testing.assert_allclose(*fitted, rtol=1e-5)
  np.testing.assert_allclose(
      learner.predict(fitted[0], queries),
      learner.predict(fitted[0], queries.mean((1, 2))),
      rtol=1e-4,
      atol=1e-5,
  )


def test_one_position_makes_dense_queries_softmax_of_pooled_ones(rng):
  queries = jnp.asarray(rng.normal(size=(4, 1, 1, 5)).astype('f'))
  rows = jnp.asarray(rng.normal(size=(3, 5)).astype('f'))
  dense = lowshot.prototypical(query='dense').predict(rows, queries)
  gap = lowshot.prototypical().predict(rows, queries)
  np.testing.assert_allclose(dense, jax.nn.log_softmax(gap), atol=1e-5)


def test_means_equal_those_of_the_general_function(rng):
  vectors = jnp.asarray(rng.normal(size=(7, 4)).astype('f'))
  labels = jnp.array([0, 2, 2, -1, 0, 5, 2])
  np.testing.assert_allclose(
      prototypes.class_means(vectors, labels, 4),
      ops.class_means(vectors, labels, 4),
      atol=1e-6,
  )


def test_zero_features_have_finite_scores_and_gradients():
  rows = jnp.zeros((2, 3)).at[0, 0].set(1e20)
  maps = jnp.zeros((1, 2, 2, 3)).at[0, 0, 0].set(1e18)
  for query in ('gap', 'gmp', 'dense'):
    learner = lowshot.prototypical(query=query)
    score = lambda x: jnp.sum(learner.predict(rows, x))  # noqa: B023
    value, slope = jax.value_and_grad(score)(maps)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize('argument', ['support', 'query'])
def test_an_unknown_pooling_is_refused_with_the_valid_ones(argument):
  with pytest.raises(ValueError, match=f'{argument} pooling.*gap, gmp'):
    lowshot.prototypical(**{argument: 'mean'})


def test_vectors_cannot_be_pooled_by_their_maximum():
  learner = lowshot.prototypical(query='gmp')
  with pytest.raises(ValueError, match='maps'):
    learner.predict(jnp.ones((2, 3)), jnp.ones((4, 3)))


@pytest.mark.parametrize('query', ['gap', 'gmp', 'dense'])
@pytest.mark.parametrize('support', ['gap', 'gmp'])
def test_what_is_prepared_once_changes_nothing(rng, support, query):
  learner = lowshot.prototypical(support=support, query=query)
  maps = jnp.asarray(rng.normal(size=(12, 2, 2, 5)), jnp.float32)
  prepared = learner.prepare(maps)
  rows = lambda tree, *which: jax.tree.map(lambda x: x[slice(*which)], tree)
  base = types.Base(jnp.asarray(rng.normal(size=(2, 5)), jnp.float32))
  labels = jnp.asarray([0, 0, 1, 1, 2, 2])
  logits = [
      learner.predict(
          learner.fit(None, base, types.Support(rows(x, 6), labels, 3)),
          rows(x, 6, 12),
      )
      for x in (maps, prepared)
  ]
  np.testing.assert_allclose(*logits, rtol=1e-6, atol=1e-6)
  assert learner.prepare(prepared) is prepared
