"""Tests of metrics against scikit-learn and loops."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from lsl_jax.evaluation import metrics


def _example(rng, num=60, num_classes=7):
  logits = rng.normal(size=(num, num_classes)).astype(np.float32)
  return logits, rng.integers(0, num_classes, num)


@pytest.mark.parametrize('k', [1, 2, 5])
def test_top_k_is_that_of_scikit_learn(rng, k):
  logits, labels = _example(rng)
  expected = sklearn_metrics.top_k_accuracy_score(
      labels, logits, k=k, labels=np.arange(7)
  )
  correct = metrics.top_k(jnp.asarray(logits), jnp.asarray(labels), k)
  np.testing.assert_allclose(metrics.accuracy(correct), expected, rtol=1e-6)


def test_top_1_accuracy_is_that_of_argmax_even_among_ties(rng):
  logits = rng.integers(0, 3, (200, 6)).astype(np.float32)
  labels = rng.integers(0, 6, 200)
  expected = sklearn_metrics.accuracy_score(labels, logits.argmax(1))
  correct = metrics.top_k(jnp.asarray(logits), jnp.asarray(labels))
  np.testing.assert_allclose(metrics.accuracy(correct), expected, rtol=1e-6)


def test_ranks_are_places_in_a_stable_descending_sort(rng):
  logits = rng.integers(0, 4, (50, 3, 9)).astype(np.float32)
  labels = rng.integers(0, 9, (50, 3))
  order = np.argsort(-logits, axis=-1, kind='stable')
  expected = np.argmax(order == labels[..., None], -1)
  got = metrics.ranks(jnp.asarray(logits), jnp.asarray(labels))
  np.testing.assert_array_equal(got, expected)


def test_equal_logits_are_right_by_chance_only():
  labels = jnp.arange(10)
  correct = metrics.top_k(jnp.zeros((10, 10)), labels, 3)
  np.testing.assert_allclose(metrics.accuracy(correct), 0.3, rtol=1e-6)


@pytest.mark.parametrize('where', [0, 2])
@pytest.mark.parametrize('k', [1, 3, 5])
def test_an_example_with_a_nan_is_wrong_wherever_it_is(where, k):
  logits = jnp.array([[9.0, 1.0, 2.0]]).at[0, where].set(jnp.nan)
  assert not metrics.top_k(logits, jnp.array([0]), k)[0]
  assert metrics.ranks(logits, jnp.array([0]))[0] == 3


def test_infinite_logits_are_ordered_like_others():
  logits = jnp.array([[jnp.inf, jnp.inf, -jnp.inf]] * 3)
  np.testing.assert_array_equal(metrics.ranks(logits, jnp.arange(3)), [0, 1, 2])


def test_more_guesses_than_classes_are_always_right(rng):
  logits, labels = _example(rng)
  assert metrics.top_k(jnp.asarray(logits), jnp.asarray(labels), 20).all()


def test_accuracy_counts_what_the_mask_holds():
  correct = jnp.array([[True, False, True, False], [True] * 4])
  mask = jnp.array([True, True, True, False])
  np.testing.assert_allclose(metrics.accuracy(correct, mask), [2 / 3, 1])
  np.testing.assert_allclose(metrics.accuracy(correct), [0.5, 1])
  assert np.isnan(metrics.accuracy(correct, jnp.zeros(4, bool))).all()


def test_harmonic_mean_is_the_inverse_of_the_mean_of_inverses(rng):
  novel, base = rng.uniform(0.1, 1, (2, 5)).astype(np.float32)
  got = metrics.harmonic_mean(jnp.asarray(novel), jnp.asarray(base))
  np.testing.assert_allclose(got, 2 / (1 / novel + 1 / base), rtol=1e-6)
  zeros = jnp.zeros(1)
  np.testing.assert_array_equal(metrics.harmonic_mean(zeros, zeros), [0])


def test_recalls_and_confusion_are_those_of_scikit_learn(rng):
  logits, labels = _example(rng)
  predictions = logits.argmax(1)
  table = metrics.confusion(jnp.asarray(predictions), jnp.asarray(labels), 7)
  np.testing.assert_array_equal(
      table, sklearn_metrics.confusion_matrix(labels, predictions)
  )
  correct = jnp.asarray(predictions == labels)
  recalls = metrics.recalls(correct, jnp.asarray(labels), 7)
  expected = sklearn_metrics.recall_score(labels, predictions, average=None)
  np.testing.assert_allclose(recalls, expected, rtol=1e-6)
  mean = metrics.mean_recall(correct, jnp.asarray(labels), 7)
  np.testing.assert_allclose(
      mean, sklearn_metrics.balanced_accuracy_score(labels, predictions)
  )


def test_a_class_without_examples_has_no_recall_and_no_say():
  correct = jnp.array([True, False, False])
  labels = jnp.array([0, 0, -1])
  recalls = metrics.recalls(correct, labels, 2)
  np.testing.assert_array_equal(recalls, [0.5, np.nan])
  np.testing.assert_array_equal(metrics.mean_recall(correct, labels, 2), 0.5)
  assert np.isnan(metrics.mean_recall(correct, jnp.full(3, -1), 2))


def test_confusion_leaves_out_what_has_no_row_or_column():
  table = metrics.confusion(
      jnp.array([0, -1, 2, 1]), jnp.array([1, 1, 1, 9]), 2
  )
  np.testing.assert_array_equal(table, [[0, 0], [1, 0]])


def test_labels_of_another_shape_are_refused():
  with pytest.raises(AssertionError, match='prefix'):
    metrics.ranks(jnp.zeros((3, 2)), jnp.zeros(4, jnp.int32))
