"""Nearest neighbours against a search by loops, and imprinting's one shot."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, types

KEY = jax.random.key(0)


def _cosine(x, y):
  return sum(x * y) / math.sqrt(sum(x * x) * sum(y * y))


def _support(rng, shots=3, views=None):
  shape = (2 * shots, views, 4) if views else (2 * shots, 4)
  features = rng.normal(size=shape)
  labels = np.tile([1, 0], shots)
  support = types.Support(
      jnp.asarray(features, jnp.float32), jnp.asarray(labels), 2
  )
  return features.reshape(2 * shots, -1, 4), labels, support


@pytest.mark.parametrize('views', [None, 2])
@pytest.mark.parametrize('stored', [False, True])
def test_a_class_scores_the_best_cosine_over_its_examples(rng, views, stored):
  features, labels, support = _support(rng, views=views)
  templates = rng.normal(size=(3, 4))
  examples = [(w, c) for c, w in enumerate(templates)]
  base = types.Base(jnp.asarray(templates, jnp.float32))
  if stored:
    base_features, base_labels = rng.normal(size=(7, 4)), np.arange(7) % 3
    examples = list(zip(base_features, base_labels, strict=True))
    base = base.replace(
        features=jnp.asarray(base_features, jnp.float32),
        labels=jnp.asarray(base_labels),
    )
  for example, label in zip(features, labels, strict=True):
    examples += [(view, 3 + label) for view in example]
  queries = rng.normal(size=(6, 4))
  expected = [
      [max(_cosine(q, x) for x, y in examples if y == c) for c in range(5)]
      for q in queries
  ]
  learner = lowshot.nearest_neighbour(scale=1.0)
  logits = learner.predict(
      learner.fit(KEY, base, support), jnp.asarray(queries, jnp.float32)
  )
  np.testing.assert_allclose(logits, expected, atol=1e-6)


def test_with_one_shot_imprinting_is_nearest_neighbour(rng):
  # Section 6.3, in the transfer task.
  _, _, support = _support(rng, shots=1)
  base = types.Base(jnp.zeros((0, 4)))
  queries = jnp.asarray(rng.normal(size=(9, 4)), jnp.float32)
  logits = [
      learner.predict(learner.fit(KEY, base, support), queries)
      for learner in (lowshot.imprint(), lowshot.nearest_neighbour())
  ]
  np.testing.assert_allclose(logits[0], logits[1], atol=1e-5)


@pytest.mark.parametrize('views', [None, 2])
def test_sweep_equals_fit_then_predict_at_every_shot(rng, views):
  shape = (12, views, 4) if views else (12, 4)
  pool = jnp.asarray(rng.normal(size=shape), jnp.float32)
  base = types.Base(jnp.asarray(rng.normal(size=(2, 4)), jnp.float32))
  queries = jnp.asarray(rng.normal(size=(5, 4)), jnp.float32)
  draw = jnp.asarray(rng.permutation(12).reshape(3, 4))
  learner = lowshot.nearest_neighbour()

  @jax.jit
  def sweep(draws):
    fitted, score = learner.sweep(base, pool, draws, (1, 2, 4))
    base_logits, novel = score(queries)
    return base_logits, novel(fitted)

  base_logits, novel_logits = sweep(draw[None])
  for shots, swept in zip((1, 2, 4), novel_logits, strict=True):
    labels = jnp.repeat(jnp.arange(3), shots)
    support = types.Support(pool[draw[:, :shots].reshape(-1)], labels, 3)
    logits = learner.predict(learner.fit(KEY, base, support), queries)
    np.testing.assert_allclose(base_logits.T, logits[:, :2], atol=1e-5)
    np.testing.assert_allclose(swept[0].T, logits[:, 2:], atol=1e-5)


def test_a_class_without_examples_is_never_chosen(rng):
  _, _, support = _support(rng)
  support = support.replace(num_classes=3)
  learner = lowshot.nearest_neighbour()
  memory = learner.fit(KEY, types.Base(jnp.zeros((0, 4))), support)
  logits = learner.predict(memory, -support.features)
  assert (logits[:, 2] == -jnp.inf).all()
  assert np.isfinite(logits[:, :2]).all()


def test_stored_features_without_labels_are_refused(rng):
  _, _, support = _support(rng)
  base = types.Base(jnp.ones((2, 4)), features=jnp.ones((5, 4)))
  with pytest.raises(ValueError, match=r'without base\.labels'):
    lowshot.nearest_neighbour().fit(KEY, base, support)
