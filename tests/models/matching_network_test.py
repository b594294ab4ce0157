"""Matching networks against loops in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models

NETWORK = models.MatchingNetwork(size=3, attention_steps=2)
APPLY = jax.jit(NETWORK.apply, static_argnums=4)


def _sigmoid(x):
  return 1 / (1 + np.exp(-x))


def _lstm(cell, x, h, c):
  gates = np.zeros(12)
  for j in range(12):
    gates[j] = (
        sum(x * cell['input'][:, j])
        + sum(h * cell['recurrent'][:, j])
        + cell['bias'][j]
    )
  enter, keep, new, leave = gates.reshape(4, 3)
  c = _sigmoid(keep) * c + _sigmoid(enter) * np.tanh(new)
  return _sigmoid(leave) * np.tanh(c), c


def _softmax(x):
  return np.exp(x) / np.exp(x).sum()


def _oracle(params, queries, support, labels, num_classes):
  encoded = np.array(support)
  for name, order in [
      ('forward_cell', range(len(support))),
      ('backward_cell', reversed(range(len(support)))),
  ]:
    h, c = np.zeros(3), np.zeros(3)
    for i in order:
      h, c = _lstm(params[name], support[i], h, c)
      encoded[i] = encoded[i] + h
  result = np.full((len(queries), num_classes), -np.inf)
  for q, f in enumerate(queries):
    h, c = f, np.zeros(3)
    for _ in range(2):
      attention = _softmax(np.array([sum(h * g) for g in encoded]))
      read = sum(a * g for a, g in zip(attention, encoded, strict=True))
      h, c = _lstm(params['query_cell'], np.concatenate([f, read]), h, c)
      h = h + f
    shares = _softmax(
        np.array([sum(h * g) / sum(g * g) ** 0.5 for g in encoded])
    )
    for y in range(num_classes):
      members = [
          s for s, label in zip(shares, labels, strict=True) if label == y
      ]
      if members:
        result[q, y] = np.log(sum(members))
  return result


def _example(rng):
  queries = rng.normal(size=(2, 3))
  support = rng.normal(size=(5, 3))
  labels = np.array([2, 0, 0, 2, 3])
  as_float = lambda x: jnp.asarray(x, jnp.float32)
  arrays = as_float(queries), as_float(support), jnp.asarray(labels)
  variables = NETWORK.init(jax.random.key(0), *arrays, 4)
  return (queries, support, labels), arrays, variables


def test_log_probabilities_are_those_of_loops(rng):
  numbers, arrays, variables = _example(rng)
  params = jax.tree.map(lambda x: np.asarray(x, float), variables['params'])
  np.testing.assert_allclose(
      APPLY(variables, *arrays, 4),
      _oracle(params, *numbers, 4),
      atol=2e-6,
  )


def test_parameters_start_within_one_over_the_root_of_the_size(rng):
  _, _, variables = _example(rng)
  assert sorted(variables['params']) == [
      'backward_cell',
      'forward_cell',
      'query_cell',
  ]
  for values in jax.tree.leaves(variables):
    assert 0.7 * 3**-0.5 < np.abs(values).max() <= 3**-0.5


def test_probabilities_sum_to_one_and_absent_classes_have_none(rng):
  _, arrays, variables = _example(rng)
  logs = APPLY(variables, *arrays, 4)
  np.testing.assert_allclose(np.exp(logs).sum(1), 1, rtol=1e-5)
  assert (logs[:, 1] == -jnp.inf).all()


def test_the_order_of_the_support_matters_that_of_queries_does_not(rng):
  _, (queries, support, labels), variables = _example(rng)
  logs = APPLY(variables, queries, support, labels, 4)
  swapped = APPLY(variables, queries[::-1], support, labels, 4)
  np.testing.assert_allclose(swapped, logs[::-1], atol=1e-6)
  turned = APPLY(variables, queries, support[::-1], labels[::-1], 4)
  assert np.abs(turned - logs)[:, [0, 2, 3]].max() > 1e-3


def test_padding_anywhere_changes_nothing(rng):
  _, (queries, support, labels), variables = _example(rng)
  at = np.array([0, 2, 5])
  padded = jnp.asarray(np.insert(support, at, 100.0, axis=0))
  padded_labels = jnp.asarray(np.insert(labels, at, -1))
  np.testing.assert_allclose(
      APPLY(variables, queries, padded, padded_labels, 4),
      APPLY(variables, queries, support, labels, 4),
      atol=1e-6,
  )


def test_loss_and_gradients_are_finite_with_padding_at_any_scale(rng):
  _, (queries, support, _), variables = _example(rng)
  labels = jnp.array([2, -1, 0, -1, 2])

  def loss(variables, queries, support):
    logs = APPLY(variables, queries, support, labels, 4)
    return -logs[:, jnp.array([0, 2])].mean()

  gradient = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))
  for scale in (0.0, 1.0, 1e4):
    results = gradient(variables, scale * queries, scale * support)
    assert all(np.isfinite(x).all() for x in jax.tree.leaves(results))


def test_features_of_another_size_are_refused(rng):
  _, (queries, support, labels), variables = _example(rng)
  with pytest.raises(AssertionError):
    APPLY(variables, queries, support[:, :2], labels, 4)
  with pytest.raises(AssertionError):
    APPLY(variables, queries[:, :2], support, labels, 4)
