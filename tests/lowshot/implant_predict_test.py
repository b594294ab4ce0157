"""Implants on queries against loops in float64, from parameters alone."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, types
from lsl_jax.lowshot import implanting

LABELS = np.array([0, 0, 1, 1, 0])
STREAM = lowshot.Stream(channels=2)
TEST_QUERIES = ('gap', 'gmp', 'dense')


@functools.cache
def learner(test_query):
  # Pooled by maxima in training, so that prototypes cannot be those of it.
  return lowshot.implant(
      stream=STREAM,
      support='gmp',
      query='gmp',
      test_query=test_query,
      epochs=2,
      scale=7.0,
  )


def scores(maps, prototypes, test_query):
  """Eqs. 13 and 14, one query and one prototype at a time."""
  cosine = lambda x, y: x @ y / np.sqrt((x @ x) * (y @ y))
  rows = []
  for image in maps:
    cells = [cell for row in image for cell in row]
    if test_query == 'gap':
      cells = [sum(cells) / len(cells)]
    elif test_query == 'gmp':
      cells = [np.max(cells, 0)]
    z = [[7.0 * cosine(cell, p) for p in prototypes] for cell in cells]
    if test_query != 'dense':
      rows.append(z[0])
      continue
    shares = [np.exp(row) / np.sum(np.exp(row)) for row in z]
    rows.append(np.log(sum(shares) / len(shares)))
  return np.array(rows)


@jax.jit
def predict(fitted, taps):
  return {how: learner(how).predict(fitted, taps) for how in TEST_QUERIES}


@pytest.fixture
def queries(make_taps):
  """Unlike the support set in mean and spread, so that statistics matter."""
  return {name: 2 * tap + 1 for name, tap in make_taps(4).items()}


def test_queries_are_scored_as_the_paper_has_it(
    make_taps, queries, stream_by_loops
):
  support = make_taps(5)
  fitted = jax.jit(learner('gap').fit)(
      jax.random.key(0),
      types.Base(jnp.zeros((0, 5))),
      types.Support(support, jnp.asarray(LABELS), 2),
  )
  maps, statistics = stream_by_loops(STREAM, fitted.params, support)
  pooled = maps.mean((1, 2))
  means = [pooled[label == LABELS].mean(0) for label in range(2)]
  maps, _ = stream_by_loops(STREAM, fitted.params, queries, statistics)
  for test_query, measured in predict(fitted, queries).items():
    np.testing.assert_allclose(
        measured,
        scores(maps, means, test_query),
        atol=1e-3,
        err_msg=test_query,
    )


def test_a_query_alone_is_scored_as_among_others(
    rng, make_taps, queries, stream_by_loops
):
  params = jax.tree.map(
      lambda leaf: rng.normal(size=leaf.shape).astype('f'),
      jax.eval_shape(STREAM.init, jax.random.key(0), queries),
  )
  _, statistics = stream_by_loops(STREAM, params, make_taps(5))
  fitted = implanting.Implanted(
      params,
      jax.tree.map(np.float32, statistics),
      rng.normal(size=(2, 6)).astype('f'),
      np.zeros(2, 'f'),
  )
  together = predict(fitted, queries)
  for i in range(4):
    one = {name: tap[i : i + 1] for name, tap in queries.items()}
    for test_query, alone in predict(fitted, one).items():
      np.testing.assert_allclose(
          alone[0], together[test_query][i], atol=1e-4, err_msg=test_query
      )
  assert all(np.ptp(logits, 0).min() > 0.1 for logits in together.values())
