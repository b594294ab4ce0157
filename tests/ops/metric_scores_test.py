"""Metrics, attention and similarities, by loops in float64."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import ops


def _cosine(x, y):
  return float(x @ y) / (math.sqrt(x @ x) * math.sqrt(y @ y))


@pytest.mark.parametrize(
    ('name', 'oracle'),
    [
        ('squared_euclidean', lambda x, r: -sum((x - r) ** 2)),
        ('euclidean', lambda x, r: -math.sqrt(sum((x - r) ** 2))),
        ('cosine', _cosine),
    ],
)
def test_a_metric_is_what_its_name_says(rng, name, oracle):
  queries, prototypes = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
  expected = [[oracle(x, r) for r in prototypes] for x in queries]
  found = ops.metric(name)(jnp.float32(queries), jnp.float32(prototypes))
  np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('name', ops.METRICS)
def test_a_query_on_its_prototype_has_finite_slopes(name):
  x = jnp.array([[1.0, 2.0], [0.0, 0.0]])
  slopes = jax.grad(lambda q: ops.metric(name)(q, x).sum())(x)
  assert jnp.isfinite(slopes).all()


def test_an_unknown_metric_is_refused():
  with pytest.raises(ValueError, match="'l1'; valid ones: squared_euclidean"):
    ops.metric('l1')


def test_similarities_are_cosines_and_zero_vectors_are_like_nothing(rng):
  vectors = rng.normal(size=(4, 3))
  vectors[2] = 0
  found = ops.similarity_matrix(jnp.float32(vectors))
  for i in range(4):
    for j in range(4):
      expected = 0.0 if 2 in (i, j) else _cosine(vectors[i], vectors[j])
      np.testing.assert_allclose(found[i, j], expected, atol=1e-6)


def test_attention_sums_over_the_examples_of_a_class(rng):
  queries, examples = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))
  labels = [0, 2, 0, 2, 2]
  found = ops.cosine_attention(
      jnp.float32(queries),
      jnp.float32(examples),
      jnp.array(labels),
      3,
      scale=7.0,
  )
  for q, x in enumerate(queries):
    weights = [math.exp(7 * _cosine(x, e)) for e in examples]
    for c in (0, 2):
      own = sum(w for w, y in zip(weights, labels, strict=True) if y == c)
      np.testing.assert_allclose(
          found[q, c], math.log(own / sum(weights)), rtol=1e-4
      )
    assert found[q, 1] < -1e6  # a class without an example
  slopes = jax.grad(
      lambda x: ops.cosine_attention(
          x, jnp.float32(examples), jnp.array(labels), 3
      )[:, 0].sum()
  )(jnp.zeros((1, 4)))
  assert jnp.isfinite(slopes).all()
