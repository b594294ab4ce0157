"""Embedding and classifiers against loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.models import heads


def cosine_oracle(embedding, templates, scale):
  logits = np.zeros((len(embedding), len(templates)))
  for i, x in enumerate(embedding.astype(np.float64)):
    for c, w in enumerate(templates.astype(np.float64)):
      cosine = sum(x * w) / (sum(x * x) ** 0.5 * sum(w * w) ** 0.5)
      logits[i, c] = np.broadcast_to(scale, len(templates))[c] * cosine
  return logits


def normal(rng, *shape):
  return rng.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize('per_class', [False, True])
def test_cosine_classifier_is_a_scaled_cosine(rng, per_class):
  x, templates = normal(rng, 4, 6), normal(rng, 3, 6)
  scale = normal(rng, 3) if per_class else np.float32(7)
  head = heads.CosineClassifier(3, per_class_scale=per_class)
  logits = head.apply({'params': {'templates': templates, 'scale': scale}}, x)
  np.testing.assert_allclose(
      logits, cosine_oracle(x, templates, scale), rtol=2e-5, atol=1e-5
  )


@pytest.mark.parametrize(('per_class', 'shape'), [(False, ()), (True, (3,))])
def test_scale_starts_at_ten_for_all_classes_or_for_each(rng, per_class, shape):
  head = heads.CosineClassifier(3, per_class_scale=per_class)
  params = head.init(jax.random.key(0), normal(rng, 2, 6))['params']
  assert params['templates'].shape == (3, 6)
  np.testing.assert_array_equal(params['scale'], np.full(shape, 10))


def test_each_scale_changes_the_logits_of_its_class_only(rng):
  x = normal(rng, 4, 6)
  head = heads.CosineClassifier(3, per_class_scale=True)
  params = head.init(jax.random.key(0), x)['params']
  gradient = jax.jacobian(
      lambda scale: head.apply({'params': params | {'scale': scale}}, x)
  )(params['scale'])
  assert np.abs(np.einsum('bcc->bc', gradient)).min() > 0
  np.testing.assert_array_equal(gradient * (1 - np.eye(3)[None]), 0)


def test_cosine_gradients_are_finite_for_zero_embeddings(rng):
  head = heads.CosineClassifier(3)
  variables = head.init(jax.random.key(0), normal(rng, 2, 6))
  logits, gradient = jax.value_and_grad(
      lambda x: head.apply(variables, x).sum()
  )(jnp.zeros((2, 6)))
  assert logits == 0
  assert np.isfinite(gradient).all()


def test_linear_classifier_is_an_inner_product_plus_bias(rng):
  x = normal(rng, 4, 6)
  templates, bias = normal(rng, 3, 6), normal(rng, 3)
  plain = heads.LinearClassifier(3).apply(
      {'params': {'templates': templates}}, x
  )
  biased = heads.LinearClassifier(3, use_bias=True).apply(
      {'params': {'templates': templates, 'bias': bias}}, x
  )
  for i in range(4):
    for c in range(3):
      inner = sum(x[i].astype(np.float64) * templates[c])
      np.testing.assert_allclose(plain[i, c], inner, rtol=1e-5, atol=1e-6)
      np.testing.assert_allclose(
          biased[i, c], inner + bias[c], rtol=1e-5, atol=1e-6
      )


def test_linear_rows_and_bias_start_uniform_within_the_papers_bound():
  head = heads.LinearClassifier(500, use_bias=True)
  params = head.init(jax.random.key(0), jnp.zeros((1, 16)))['params']
  for values in params.values():
    assert np.abs(values).max() <= 1 / 4
    assert np.abs(values).max() > 0.99 / 4
    np.testing.assert_allclose(np.std(values), 1 / 4 / 3**0.5, rtol=0.05)


def test_cosine_templates_start_xavier_uniform():
  head = heads.CosineClassifier(100)
  params = head.init(jax.random.key(0), jnp.zeros((1, 50)))['params']
  bound = (6 / 150) ** 0.5
  largest = np.abs(params['templates']).max()
  assert 0.99 * bound < largest <= bound


def test_embedding_is_dense_then_of_unit_length(rng):
  x, kernel, bias = normal(rng, 4, 6), normal(rng, 6, 5), normal(rng, 5)
  variables = {'params': {'dense': {'kernel': kernel, 'bias': bias}}}
  raw = x.astype(np.float64) @ kernel + bias
  np.testing.assert_allclose(
      heads.Embedding(5, normalise=False).apply(variables, x), raw, rtol=1e-4
  )
  np.testing.assert_allclose(
      heads.Embedding(5).apply(variables, x),
      raw / np.sqrt((raw**2).sum(1, keepdims=True)),
      rtol=1e-4,
  )


@pytest.mark.parametrize(
    'head',
    [heads.Embedding(3), heads.CosineClassifier(3), heads.LinearClassifier(3)],
)
def test_feature_maps_are_refused(head):
  with pytest.raises(AssertionError, match=r'has rank 4 .* but expected 2'):
    head.init(jax.random.key(0), jnp.zeros((1, 2, 2, 4)))
