"""Model regression against loops in float64, and what it is for."""

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import lowshot, types
from lsl_jax.lowshot import one_vs_all
from lsl_jax.models import regressor

KEY = jax.random.key(1)


def _oracle(features, labels, targets, steps, rate, decay):
  """Gradient descent with dampened momentum, class by class."""
  weights = targets.astype(np.float64)
  buffer = np.zeros_like(weights)
  for step in range(steps):
    gradient = decay * (weights - targets)
    for c in range(len(weights)):
      for x, label in zip(features, labels, strict=True):
        x = np.append(x.astype(np.float64), 1.0)
        own = 1.0 if label == c else 0.0
        probability = 1 / (1 + np.exp(-weights[c] @ x))
        gradient[c] += (probability - own) * x / len(features)
    share = 1.0 if step == 0 else 0.1
    buffer = 0.9 * buffer + share * gradient
    weights = weights - rate * buffer
  return weights


def test_one_vs_all_descent_equals_loops(rng):
  features = rng.normal(size=(6, 3)).astype(np.float32)
  labels = np.array([0, 1, 2, 2, 1, 0])
  targets = rng.normal(size=(3, 4)).astype(np.float32)
  got = one_vs_all.descend(
      KEY,
      lambda key: (jnp.asarray(features), jnp.asarray(labels)),
      jnp.asarray(targets),
      iterations=5,
      learning_rate=0.5,
      weight_decay=0.3,
  )
  expected = _oracle(features, labels, targets, 5, 0.5, 0.3)
  np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def _base(rng, number=30):
  labels = np.arange(number) % 3
  centres = 3 * rng.normal(size=(3, 4))
  features = centres[labels] + rng.normal(size=(number, 4))
  return jnp.asarray(features, jnp.float32), jnp.asarray(labels)


def test_pairs_are_of_the_same_class_and_few_examples_say_less(rng):
  features, labels = _base(rng)
  pairs = lowshot.classifier_pairs(
      KEY,
      features,
      labels,
      num_classes=3,
      shots=(1, 5),
      repeats=4,
      iterations=60,
      batch_size=60,
  )
  assert pairs.small.shape == pairs.large.shape == (2 * 4, 5)
  # One large classifier a class, whatever the repeat.
  for c in range(3):
    of_class = np.asarray(pairs.large)[np.asarray(pairs.classes) == c]
    np.testing.assert_array_equal(
        of_class, of_class[:1].repeat(len(of_class), 0)
    )
  assert np.all(np.linalg.norm(pairs.small - pairs.large, axis=1) > 1e-3)


def test_a_regressor_brings_few_example_classifiers_nearer(rng):
  features, labels = _base(rng)
  options = {'num_classes': 3, 'iterations': 60, 'batch_size': 60}
  pairs = lowshot.classifier_pairs(
      KEY, features, labels, shots=(1,), repeats=8, **options
  )
  module = regressor.Regressor(hidden=(16,))
  params, losses = lowshot.train_regressor(
      KEY,
      pairs,
      features,
      labels,
      num_classes=3,
      weight=0.1,
      iterations=300,
      learning_rate=0.1,
      regressor=module,
  )
  regressed = module.apply({'params': params}, pairs.small)
  apart = lambda w: np.mean(np.sum((w - pairs.large) ** 2, 1))
  assert apart(regressed) < 0.5 * apart(pairs.small)
  assert np.mean(losses[-20:]) < np.mean(losses[:20])


def test_novel_rows_alone_are_drawn_to_what_is_regressed(rng):
  features, labels = _base(rng)
  support = types.Support(
      jnp.asarray(rng.normal(size=(4, 4)), jnp.float32),
      jnp.array([0, 1, 0, 1]),
      2,
  )
  base = types.Base(jnp.zeros((3, 4)), features, labels)
  module = regressor.Regressor(hidden=(8,))
  params = module.init(jax.random.key(7), jnp.zeros((1, 5)))['params']
  # Far more decay than loss: the rows are their targets.
  learner = lowshot.model_regression(
      params,
      iterations=200,
      batch_size=50,
      learning_rate=0.001,
      weight_decay=500.0,
      regressor=module,
  )
  weights = learner.fit(KEY, base, support)
  constant = module.apply({'params': params}, jnp.zeros((1, 5)))
  np.testing.assert_allclose(weights[:3], 0, atol=0.02)
  np.testing.assert_allclose(weights[3:], constant.repeat(2, 0), atol=0.05)
  scores = learner.predict(weights, features)
  expected = features @ weights[:, :-1].T + weights[None, :, -1]
  np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
