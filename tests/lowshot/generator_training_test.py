"""Training the generator: its loss, its order of quadruples, its limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, models

KEY = jax.random.key(0)
SMALL = models.Hallucinator(hidden=24)
# Class x 3 + cluster: from class 0 to class 1, and back.
QUADRUPLES = jnp.array([[0, 1, 3, 4], [3, 5, 0, 2], [1, 2, 4, 5]])


def _centroids(rng):
  return jnp.asarray(np.abs(rng.normal(size=(2, 3, 4))), jnp.float32)


def _weights(rng):
  return jnp.asarray(rng.normal(size=(3, 4)), jnp.float32)


@pytest.mark.parametrize('weight', [10.0, 0.0])
def test_loss_is_log_loss_plus_weighted_mean_squared_error(rng, weight):
  generated, targets = rng.normal(size=(2, 5, 4))
  weights = rng.normal(size=(3, 4))
  labels = [0, 2, 1, 1, 0]
  expected = []
  for x, target, y in zip(generated, targets, labels, strict=True):
    scores = [sum(w * x) for w in weights]
    log_loss = np.log(sum(np.exp(s) for s in scores)) - scores[y]
    error = sum((a - b) ** 2 for a, b in zip(x, target, strict=True)) / 4
    expected.append(log_loss + weight * error)
  as_float = lambda x: jnp.asarray(x, jnp.float32)
  losses = lowshot.generator_loss(
      as_float(generated),
      as_float(targets),
      jnp.array(labels),
      as_float(weights),
      weight=weight,
  )
  np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_loss_and_gradient_stay_finite_at_huge_features():
  value, gradient = jax.value_and_grad(
      lambda x: lowshot.generator_loss(
          x, -x, jnp.array([1]), jnp.array([[1.0, 0.0], [-1.0, 0.0]])
      ).sum()
  )(jnp.array([[1e6, 0.0]]))
  assert np.isfinite(value) and np.isfinite(gradient).all()


def test_steps_are_those_of_a_loop_over_permuted_and_cycled_quadruples(rng):
  centroids, weights = _centroids(rng), _weights(rng)
  settings = {'batch_size': 2, 'generator': SMALL, 'weight': 3.0}
  train = lambda iterations: lowshot.train_generator(
      KEY,
      QUADRUPLES,
      centroids,
      weights,
      iterations=iterations,
      learning_rate=0.2,
      decay_every=3,
      weight_decay=0.01,
      **settings,
  )
  params, losses = train(4)
  expected, _ = train(0)
  order = jax.random.permutation(jax.random.split(KEY)[1], 3).tolist()
  flat = centroids.reshape(6, 4)

  @jax.jit
  @jax.value_and_grad
  def loss(params, rows):
    a1, a2, b1, b2 = QUADRUPLES[rows].T
    generated = SMALL.apply({'params': params}, flat[a1], flat[b1], flat[b2])
    return lowshot.generator_loss(
        generated, flat[a2], a1 // 3, weights, weight=3.0
    ).mean()

  buffer = jax.tree.map(jnp.zeros_like, expected)
  for t in range(4):
    rows = jnp.array([order[(2 * t + i) % 3] for i in range(2)])
    value, gradient = loss(expected, rows)
    np.testing.assert_allclose(losses[t], value, rtol=1e-5)
    assert all(np.abs(g).max() > 0 for g in jax.tree.leaves(gradient))
    share, rate = (0.1 if t else 1.0), (0.2 if t < 3 else 0.02)
    for name, layer in expected.items():
      for part, w in layer.items():
        step = gradient[name][part] + 0.01 * w
        buffer[name][part] = 0.9 * buffer[name][part] + share * step
        layer[part] = w - rate * buffer[name][part]
  jax.tree.map(
      lambda x, y: np.testing.assert_allclose(x, y, atol=1e-5), params, expected
  )


def test_without_quadruples_or_with_missing_classes_it_refuses(rng):
  centroids, weights = _centroids(rng), _weights(rng)
  with pytest.raises(ValueError, match='no quadruples'):
    lowshot.train_generator(KEY, QUADRUPLES[:0], centroids, weights)
  with pytest.raises(ValueError, match=r'centroids of 2 classes.*weights of 1'):
    lowshot.train_generator(KEY, QUADRUPLES, centroids, weights[:1])
  with pytest.raises(AssertionError):
    lowshot.train_generator(KEY, QUADRUPLES[:, :3], centroids, weights)
  with pytest.raises(AssertionError):
    lowshot.train_generator(KEY, QUADRUPLES, centroids, weights[:, :2])
