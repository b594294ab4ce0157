"""Imprinting against loops in float64, and its special cases."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, types

KEY = jax.random.key(0)


def _unit(x):
  return x / math.sqrt(sum(x * x))


def _templates(base, features, labels, num_classes):
  """Normalise, average over examples and views, normalise again."""
  rows = [_unit(w) for w in base]
  for c in range(num_classes):
    total = np.zeros(base.shape[1])
    for views, label in zip(features, labels, strict=True):
      if label == c:
        for view in views:
          total += _unit(view)
    rows.append(_unit(total))
  return np.array(rows)


def _float32(*arrays):
  return tuple(jnp.asarray(array, jnp.float32) for array in arrays)


def _problem(rng, num_base=3):
  base, pool, queries = _float32(
      rng.normal(size=(num_base, 6)),
      rng.normal(size=(24, 6)),
      rng.normal(size=(5, 6)),
  )
  draw = jnp.asarray(rng.permutation(24)[:20].reshape(4, 5))
  return types.Base(base), pool, queries, draw


def _swept(learner, base, pool, queries, draw, shots):
  """Base logits `[C, Q]` and, for each number of shots, `[1, N, Q]`."""

  def sweep(pool, queries, draws):
    fitted, score = learner.sweep(base, pool, draws, tuple(shots))
    base_logits, novel = score(queries)
    return base_logits, novel(fitted)

  return jax.jit(sweep)(pool, queries, draw[None])


def _support(pool, draw):
  labels = jnp.repeat(jnp.arange(draw.shape[0]), draw.shape[1])
  return types.Support(pool[draw.reshape(-1)], labels, draw.shape[0])


@pytest.mark.parametrize('views', [None, 3])
def test_templates_are_unit_means_of_unit_features(rng, views):
  base = 4 * rng.normal(size=(3, 5))
  labels = np.array([1, 0, 1, 1, 0, 2])
  features = rng.normal(size=(6, views or 1, 5)) * rng.uniform(
      0.1, 9, size=(6, views or 1, 1)
  )
  given = features if views else features[:, 0]
  support = types.Support(*_float32(given), jnp.asarray(labels), 3)
  learner = lowshot.imprint(scale=8.0)
  templates = learner.fit(KEY, types.Base(*_float32(base)), support)
  expected = _templates(base, features, labels, 3)
  np.testing.assert_allclose(templates, expected, atol=1e-6)
  query = rng.normal(size=5)
  np.testing.assert_allclose(
      learner.predict(templates, *_float32(query)),
      [8 * sum(_unit(query) * w) for w in expected],
      atol=1e-5,
  )


def test_every_example_weighs_the_same_however_long_it_is():
  # Normalise, average, normalise: 45 degrees. Averaged as they are, the longer
  # example would pull the template to itself: (100, 1) / |(100, 1)|.
  support = types.Support(
      jnp.array([[100.0, 0.0], [0.0, 1.0]]), jnp.zeros(2, jnp.int32), 1
  )
  base = types.Base(jnp.zeros((0, 2)))
  templates = lowshot.imprint().fit(KEY, base, support)
  np.testing.assert_allclose(templates, [[math.sqrt(0.5)] * 2], rtol=1e-6)


def test_without_the_second_normalisation_the_spread_class_would_lose():
  # Class 0 averages two orthogonal vectors (mean of length 0.71), class 1 two
  # equal ones. The query is 40 degrees from the first template, 50 from the
  # second, but cos 40 * 0.71 < cos 50.
  features = jnp.array([[1.0, 1.0], [1.0, -1.0], [0.0, 1.0], [0.0, 1.0]])
  support = types.Support(features, jnp.array([0, 0, 1, 1]), 2)
  learner = lowshot.imprint()
  templates = learner.fit(KEY, types.Base(jnp.zeros((0, 2))), support)
  angle = math.radians(40)
  query = jnp.array([math.cos(angle), math.sin(angle)])
  assert jnp.argmax(learner.predict(templates, query)) == 0
  assert math.cos(angle) * math.sqrt(0.5) < math.sin(angle)


def test_support_in_another_order_gives_the_same_classifier(rng):
  base, pool, _, draw = _problem(rng)
  support = _support(pool, draw)
  order = rng.permutation(20)
  shuffled = types.Support(support.features[order], support.labels[order], 4)
  fit = lowshot.imprint().fit
  np.testing.assert_allclose(
      fit(KEY, base, shuffled), fit(KEY, base, support), atol=1e-6
  )


@pytest.mark.parametrize(('num_base', 'views'), [(0, False), (3, True)])
def test_sweep_equals_fit_then_predict_at_every_shot(rng, num_base, views):
  base, pool, queries, draw = _problem(rng, num_base)
  if views:
    pool = pool.reshape(24, 3, 2)[:, :, :2]
    base, queries = types.Base(base.templates[:, :2]), queries[:, :2]
  learner = lowshot.imprint(scale=5.0)
  base_logits, novel_logits = _swept(
      learner, base, pool, queries, draw, range(1, 6)
  )
  assert base_logits.shape == (num_base, 5)
  fit_and_predict = jax.jit(
      lambda base, support, queries: learner.predict(
          learner.fit(KEY, base, support), queries
      )
  )
  for shots, swept in enumerate(novel_logits, start=1):
    support = _support(pool, draw[:, :shots])
    logits = fit_and_predict(base, support, queries)
    np.testing.assert_allclose(base_logits.T, logits[:, :num_base], atol=1e-5)
    np.testing.assert_allclose(swept[0].T, logits[:, num_base:], atol=1e-5)


def test_draws_vmap_in_one_program(rng):
  base, pool, queries, draw = _problem(rng)
  draws = jnp.stack([draw, draw[::-1]])
  learner = lowshot.imprint()

  @jax.jit
  @jax.vmap
  def logits_of(draw):
    return learner.predict(
        learner.fit(KEY, base, _support(pool, draw)), queries
    )

  @jax.jit
  def sweep(draws):
    fitted, score = learner.sweep(base, pool, draws, (5,))
    return score(queries)[1](fitted)[0]

  np.testing.assert_allclose(
      sweep(draws).swapaxes(1, 2), logits_of(draws)[..., 3:], atol=1e-5
  )


def test_a_scale_for_each_class_gives_novel_classes_the_mean(rng):
  base, pool, queries, draw = _problem(rng)
  scale = jnp.array([2.0, 4.0, 9.0])
  learner, plain = lowshot.imprint(scale=scale), lowshot.imprint(scale=1.0)
  support = _support(pool, draw)
  cosines = plain.predict(plain.fit(KEY, base, support), queries)
  factors = np.array([2.0, 4.0, 9.0, 5.0, 5.0, 5.0, 5.0])[None]
  logits = learner.predict(learner.fit(KEY, base, support), queries)
  np.testing.assert_allclose(logits, factors * cosines, atol=1e-5)
  base_logits, (swept,) = _swept(learner, base, pool, queries, draw, (5,))
  np.testing.assert_allclose(base_logits.T, logits[:, :3], atol=1e-5)
  np.testing.assert_allclose(swept[0].T, logits[:, 3:], atol=1e-5)


def test_scales_of_other_classes_are_refused(rng):
  _, pool, _, draw = _problem(rng)
  learner, no_base = lowshot.imprint(scale=jnp.ones(3)), jnp.zeros((0, 6))
  with pytest.raises(ValueError, match=r'shape \(3,\) for 0 base classes'):
    learner.fit(KEY, types.Base(no_base), _support(pool, draw))
  with pytest.raises(ValueError, match='one scale a base class'):
    learner.sweep(types.Base(no_base), pool, draw[None], (1,))


def test_classes_without_direction_score_zero_with_a_finite_gradient():
  base = types.Base(jnp.array([[0.0, 1.0]]))
  learner = lowshot.imprint()

  @jax.jit
  def score(features):  # opposite examples cancel; class 1 has none at all
    support = types.Support(features, jnp.zeros(2, jnp.int32), 2)
    return learner.predict(learner.fit(KEY, base, support), jnp.ones(2))

  features = jnp.array([[1.0, 0.0], [-1.0, 0.0]])
  np.testing.assert_allclose(score(features)[1:], [0, 0], atol=1e-6)
  assert np.isfinite(jax.jit(jax.jacobian(score))(features)).all()
  _, (swept,) = _swept(
      learner, base, features, jnp.ones((1, 2)), jnp.array([[0, 1]]), (2,)
  )
  np.testing.assert_allclose(swept, [[[0.0]]], atol=1e-6)


def test_support_of_an_unknown_rank_is_refused():
  support = types.Support(jnp.ones(3), jnp.zeros(3, jnp.int32), 1)
  with pytest.raises(AssertionError, match='rank'):
    lowshot.imprint().fit(KEY, types.Base(jnp.ones((1, 3))), support)
