"""Margin losses against loops, special cases and their own derivative."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lsl_jax import losses


@pytest.fixture
def example(rng):
  logits = rng.normal(size=(3, 4, 5)) * 3
  labels = rng.integers(0, 5, (3, 4))
  margins = rng.normal(size=(5, 5))
  return logits, labels, margins


def _oracle(logits, label, ahead):
  """One example in float64: -log of eqs. 2, 4 and 6."""
  right = math.exp(logits[label])
  wrong = sum(
      math.exp(value + ahead[k]) for k, value in enumerate(logits) if k != label
  )
  return -math.log(right / (right + wrong))


def test_the_margin_is_added_to_wrong_classes_by_the_true_ones_row(example):
  logits, labels, margins = example
  expected = [
      [_oracle(z, y, margins[y]) for z, y in zip(*row, strict=True)]
      for row in zip(logits, labels, strict=True)
  ]
  found = losses.margin_cross_entropy(
      jnp.float32(logits), jnp.asarray(labels), jnp.float32(margins)
  )
  np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_diagonal_plays_no_part_and_no_margin_is_cross_entropy(example):
  logits, labels, _ = jax.tree.map(jnp.asarray, example)
  logits = jnp.float32(logits)
  found = losses.margin_cross_entropy(logits, labels, 7.0 * jnp.eye(5))
  np.testing.assert_allclose(
      found,
      optax.softmax_cross_entropy_with_integer_labels(logits, labels),
      rtol=1e-6,
  )


def test_the_slope_of_a_margin_is_the_wrong_classs_probability(example):
  logits, labels, margins = example
  logits, label = logits[0, 0], int(labels[0, 0])
  slope = jax.grad(
      lambda m: losses.margin_cross_entropy(
          jnp.float32(logits), jnp.asarray(label), m
      )
  )(jnp.float32(margins))
  weights = [
      math.exp(z + (margins[label][k] if k != label else 0))
      for k, z in enumerate(logits)
  ]
  expected = np.zeros((5, 5))
  for k in range(5):
    if k != label:
      expected[label, k] = weights[k] / sum(weights)
  np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-7)
  assert (slope[label, np.arange(5) != label] > 0).all()


def test_descent_on_the_margin_loss_only_shrinks_margins(example):
  # What the paper's text amounts to where alpha and beta are trained jointly.
  logits, labels, _ = jax.tree.map(jnp.asarray, example)
  similarities = jnp.full((5, 5), 0.5)

  def loss(numbers):
    margins = numbers[0] * similarities + numbers[1]
    return losses.margin_cross_entropy(
        jnp.float32(logits), labels, margins
    ).mean()

  numbers = jnp.array([1.0, 0.0])
  slope = jax.jit(jax.grad(loss))
  path = [numbers]
  for _ in range(200):
    path.append(path[-1] - 1.0 * slope(path[-1]))
  path = jnp.stack(path)
  assert (jnp.diff(path, axis=0) < 0).all()
  assert path[-1, 0] < 0 and path[-1].sum() < -3


def test_cosface_is_the_naive_margin_of_scaled_cosines(rng):
  cosines = jnp.float32(np.tanh(rng.normal(size=(6, 4))))
  labels = jnp.asarray(rng.integers(0, 4, 6))
  np.testing.assert_allclose(
      losses.cosface(cosines, labels, scale=8.0, margin=0.25),
      losses.margin_cross_entropy(8 * cosines, labels, jnp.full((4, 4), 2.0)),
      rtol=1e-5,
  )


def test_arcface_turns_the_right_class_away_by_an_angle(rng):
  cosines = np.tanh(rng.normal(size=(50, 3)))
  labels = rng.integers(0, 3, 50)
  expected = []
  for row, y in zip(cosines, labels, strict=True):
    angle = math.acos(row[y]) + 0.5
    values = [4 * value for value in row]
    values[y] = 4 * (
        math.cos(angle) if angle < math.pi else row[y] - 0.5 * math.sin(0.5)
    )
    expected.append(_oracle(values, y, [0] * 3))
  assert (np.arccos(cosines[np.arange(50), labels]) + 0.5 > math.pi).any()
  found = losses.arcface(
      jnp.float32(cosines), jnp.asarray(labels), scale=4.0, margin=0.5
  )
  np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize('loss', [losses.cosface, losses.arcface])
def test_a_face_margin_of_zero_is_cross_entropy(rng, loss):
  cosines = jnp.float32(np.tanh(rng.normal(size=(6, 4))))
  labels = jnp.asarray(rng.integers(0, 4, 6))
  np.testing.assert_allclose(
      loss(cosines, labels, scale=5.0, margin=0.0),
      optax.softmax_cross_entropy_with_integer_labels(5 * cosines, labels),
      rtol=1e-5,
  )


def test_values_and_slopes_are_finite_at_extremes():
  logits = jnp.array([[1e4, -1e4, 0.0]])
  margins = jnp.full((3, 3), 1e4)
  for label in range(3):
    value, slope = jax.value_and_grad(
        lambda z, label=label: losses.margin_cross_entropy(
            z, jnp.array([label]), margins
        ).sum()
    )(logits)
    assert jnp.isfinite(value) and jnp.isfinite(slope).all()
  ends = jnp.array([[1.0, -1.0], [-1.0, 1.0]])
  for loss in (losses.cosface, losses.arcface):
    value, slope = jax.value_and_grad(
        lambda c, loss=loss: loss(c, jnp.zeros(2, int), scale=64.0).sum()
    )(ends)
    assert jnp.isfinite(value) and jnp.isfinite(slope).all()


def test_what_does_not_fit_is_refused():
  logits = jnp.zeros((2, 3))
  with pytest.raises(AssertionError):
    losses.margin_cross_entropy(logits, jnp.zeros(2, int), jnp.zeros((2, 2)))
  with pytest.raises(AssertionError):
    losses.margin_cross_entropy(logits, jnp.zeros(3, int), jnp.zeros((3, 3)))
  with pytest.raises(AssertionError):
    losses.cosface(logits, jnp.zeros((2, 1), int), scale=1.0)
  with pytest.raises(ValueError, match='between 0 and pi, not 4'):
    losses.arcface(logits, jnp.zeros(2, int), scale=1.0, margin=4.0)


@pytest.mark.parametrize('name', ['none', 'naive', 'cosface', 'arcface'])
def test_a_margin_by_name_is_the_loss_of_that_name(rng, name):
  cosines = jnp.asarray(rng.uniform(-0.9, 0.9, (6, 4)), jnp.float32)
  labels = jnp.asarray(rng.integers(0, 4, 6))
  value = losses.constant_margin(name, cosines, labels, scale=5.0, value=0.3)
  expected = {
      'none': lambda: losses.cross_entropy(5 * cosines, labels),
      'naive': lambda: losses.cosface(
          cosines, labels, scale=5.0, margin=0.3 / 5
      ),
      'cosface': lambda: losses.cosface(cosines, labels, scale=5.0, margin=0.3),
      'arcface': lambda: losses.arcface(cosines, labels, scale=5.0, margin=0.3),
  }[name]()
  np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_an_unknown_margin_is_told_with_those_that_are():
  with pytest.raises(ValueError, match="'class'; accepted: none, naive, cosf"):
    losses.constant_margin(
        'class', jnp.zeros((1, 2)), jnp.array([0]), scale=1.0, value=1.0
    )
