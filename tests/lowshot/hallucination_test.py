"""Hallucinated examples: how many, from which seeds and centroids."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, models, types

KEY = jax.random.key(0)
LABELS = jnp.array([1, 0, 1, 2, 2, 2])
# Features and centroids that tell their rows, so that what comes out of a
# generator that passes its inputs on tells the triples.
FEATURES = jnp.pad(1.0 + jnp.arange(6.0)[:, None], [(0, 0), (0, 2)])
CENTROIDS = jnp.stack(
    jnp.meshgrid(jnp.arange(4.0), jnp.arange(5.0), indexing='ij'), -1
)
CENTROIDS = jnp.pad(CENTROIDS, [(0, 0), (0, 0), (1, 0)]) + 1


def _passing_on():
  """G with output [seed's row, 10 x class of the pair + start, end] + ..."""
  generator = models.Hallucinator(hidden=3)
  first = np.zeros((9, 3), np.float32)
  first[0, 0] = 1  # seed's row
  first[4, 1], first[5, 1] = 10, 1  # start's class and cluster
  first[7, 2], first[8, 2] = 10, 1  # end's
  layers = [first, np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)]
  params = {
      f'dense{i}': {'kernel': jnp.asarray(k), 'bias': jnp.zeros(3)}
      for i, k in enumerate(layers, start=1)
  }
  return generator, params


def _hallucinate(key, per_class, features=FEATURES, labels=LABELS):
  generator, params = _passing_on()
  return lowshot.hallucinate(
      key,
      params,
      features,
      labels,
      CENTROIDS,
      num_classes=3,
      per_class=per_class,
      generator=generator,
  )


def test_each_class_gets_what_it_lacks_of_k():
  features, labels = _hallucinate(KEY, 3)
  assert labels.tolist() == [0, 0, 1]
  assert features.shape == (3, 3)
  assert _hallucinate(KEY, 2)[1].tolist() == [0]  # class 2 has more than k
  assert _hallucinate(KEY, 1)[0].shape == (0, 3)


def test_seeds_classes_and_pairs_are_drawn_uniformly():
  features, labels = _hallucinate(KEY, 4000)
  features = np.asarray(features).round().astype(int)
  seeds = {
      c: np.unique(features[labels == c, 0], return_counts=True)
      for c in range(3)
  }
  for c, rows in [(0, [1]), (1, [0, 2]), (2, [3, 4, 5])]:
    values, counts = seeds[c]
    assert values.tolist() == [row + 1 for row in rows]
    expected = sum(counts) / len(rows)
    np.testing.assert_allclose(counts, expected, atol=5 * expected**0.5)
  # 11 is added by the generator to 10 x class + cluster.
  classes, starts = np.divmod(features[:, 1] - 11, 10)
  other, ends = np.divmod(features[:, 2] - 11, 10)
  np.testing.assert_array_equal(classes, other)
  triples = np.ravel_multi_index((classes, starts, ends), (4, 5, 5))
  counts = np.bincount(triples, minlength=100)
  np.testing.assert_allclose(counts, len(triples) / 100, atol=60)


def test_under_vmap_every_draw_equals_its_own_call():
  keys = jax.random.split(KEY, 2)
  labels = jnp.stack([jnp.array([0, 0, 1, 1, 2, 2]), LABELS])
  together = jax.vmap(lambda key, y: _hallucinate(key, 3, labels=y))(
      keys, labels
  )
  assert together[1].tolist() == [[0, 1, 2], [0, 0, 1]]
  for i in range(2):
    features, classes = _hallucinate(keys[i], 3, labels=labels[i])
    np.testing.assert_allclose(together[0][i], features, rtol=1e-6)
    np.testing.assert_array_equal(together[1][i], classes)


def test_a_class_without_an_example_and_wrong_shapes_are_refused():
  with pytest.raises(ValueError, match='novel class 1 has no example'):
    _hallucinate(KEY, 3, labels=2 * LABELS.clip(0, 1))
  with pytest.raises(AssertionError):
    _hallucinate(KEY, 3, features=FEATURES[:, :2])
  with pytest.raises(AssertionError):
    _hallucinate(KEY, 3, features=FEATURES[:4])


def test_a_learner_sees_generated_examples_after_the_real_ones():
  generator, params = _passing_on()
  spy = types.Learner(lambda key, base, support: (key, support), None)
  learner = lowshot.with_hallucination(
      spy, params, CENTROIDS, 3, generator=generator
  )
  base = types.Base(jnp.zeros((4, 3)))
  support = types.Support(FEATURES, LABELS, 3)
  key, seen = learner.fit(KEY, base, support)
  np.testing.assert_array_equal(seen.features[:6], FEATURES)
  generator_key, learner_key = jax.random.split(KEY)
  expected = _hallucinate(generator_key, 3)
  np.testing.assert_array_equal(seen.features[6:], expected[0])
  assert seen.labels.tolist() == [*LABELS.tolist(), 0, 0, 1]
  assert seen.num_classes == 3
  assert jax.random.key_data(key).tolist() == (
      jax.random.key_data(learner_key).tolist()
  )


def test_with_enough_real_examples_it_is_the_learner_itself():
  generator, params = _passing_on()
  base = types.Base(jnp.ones((2, 3)))
  support = types.Support(FEATURES, LABELS, 3)
  learner = lowshot.with_hallucination(
      lowshot.imprint(), params, CENTROIDS, 1, generator=generator
  )
  np.testing.assert_array_equal(
      learner.fit(KEY, base, support),
      lowshot.imprint().fit(KEY, base, support),
  )


def test_draws_with_hallucination_run_as_one_program():
  generator, params = _passing_on()
  learner = lowshot.with_hallucination(
      lowshot.imprint(), params, CENTROIDS, 4, generator=generator
  )
  base = types.Base(jnp.ones((2, 3)))
  fit = lambda key, x: learner.fit(key, base, types.Support(x, LABELS, 3))
  keys = jax.random.split(KEY, 2)
  draws = jnp.stack([FEATURES, 2 * FEATURES])
  together = jax.jit(jax.vmap(fit))(keys, draws)
  for i in range(2):
    np.testing.assert_allclose(together[i], fit(keys[i], draws[i]), rtol=1e-5)


def test_several_k_in_one_program_see_as_many_examples_as_each_alone():
  generator, params = _passing_on()

  def fit(key, base, support):
    del key, base
    # What a learner that passes over labels of no class sees.
    return (
        jax.ops.segment_sum(
            jnp.ones_like(support.labels), support.labels, support.num_classes
        ),
        support.labels,
    )

  counting = types.Learner(fit, lambda *_: None)
  support = types.Support(FEATURES, LABELS, 3)

  def seen(per_class, at_most=None):
    learner = lowshot.with_hallucination(
        counting,
        params,
        CENTROIDS,
        per_class,
        at_most=at_most,
        generator=generator,
    )
    return learner.fit(KEY, None, support)

  together, labels = jax.vmap(lambda k: seen(k, 5))(jnp.array([1, 2, 3, 5]))
  for k, counts in zip((1, 2, 3, 5), together, strict=True):
    np.testing.assert_array_equal(counts, seen(k)[0])
    np.testing.assert_array_equal(counts, np.maximum([1, 2, 3], k))
  # The surplus has the label of no class.
  assert set(np.asarray(labels[0, len(LABELS) :]).tolist()) == {3}


def test_without_the_last_relu_features_may_be_negative():
  generator = models.Hallucinator(hidden=4, rectify=False)
  inputs = jax.random.normal(KEY, (3, 50, 2))
  params = generator.init(KEY, *inputs)
  assert jnp.min(generator.apply(params, *inputs)) < 0
  rectified = models.Hallucinator(hidden=4).apply(params, *inputs)
  np.testing.assert_allclose(
      rectified, jnp.maximum(generator.apply(params, *inputs), 0)
  )
