"""Dynamic FSL: generated weights among base weights, and their training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, models, types
from lsl_jax.lowshot import generator_stage, weight_generation

KEY = jax.random.key(0)


@pytest.fixture
def params(rng):
  """Of five base classes in four dimensions."""
  templates = jnp.float32(rng.normal(size=(5, 4)))
  generator = models.WeightGenerator()
  own = generator.init(KEY, jnp.ones((1, 4)), jnp.zeros(1, int), 1, templates)[
      'params'
  ]
  return {'templates': templates, 'scale': jnp.float32(7), 'generator': own}


def _cosine(x, y):
  return x @ y / (np.linalg.norm(x) * np.linalg.norm(y))


def test_generated_weights_follow_the_base_weights(params, rng):
  learner = lowshot.generate_weights(params, models.WeightGenerator())
  support = types.Support(
      jnp.float32(rng.normal(size=(4, 4))), jnp.array([1, 0, 1, 0]), 2
  )
  both = learner.fit(KEY, types.Base(params['templates']), support)
  alone = learner.fit(KEY, types.Base(jnp.zeros((0, 4))), support)
  np.testing.assert_array_equal(both[:5], params['templates'])
  np.testing.assert_array_equal(both[5:], alone)
  x = jnp.float32(rng.normal(size=(3, 4)))
  found = learner.predict(both, x)
  for i in range(3):
    for c in range(7):
      np.testing.assert_allclose(
          found[i, c], 7 * _cosine(x[i], both[c]), rtol=1e-4, atol=1e-5
      )
  with pytest.raises(ValueError, match='knows 5 base classes, the task has 3'):
    learner.fit(KEY, types.Base(params['templates'][:3]), support)


def test_classes_that_play_novel_ones_are_generated_without_themselves(
    params, rng
):
  generator = models.WeightGenerator()
  support = jnp.float32(rng.normal(size=(2, 3, 4)))
  queries = jnp.float32(rng.normal(size=(6, 4)))
  classes = jnp.array([3, 1])
  logits = lambda params: weight_generation.fake_novel_logits(
      params, generator, support, classes, queries
  )
  found = logits(params)
  assert found.shape == (6, 5)
  # Whatever the weights of these two are, nothing changes.
  changed = params['templates'].at[classes].set(9.0)
  np.testing.assert_allclose(
      found, logits({**params, 'templates': changed}), rtol=1e-4, atol=1e-5
  )
  np.testing.assert_allclose(
      found[2, 4], 7 * _cosine(queries[2], params['templates'][4]), rtol=1e-4
  )
  kept = jnp.array([0, 2, 4])
  own = dict(params['generator'], keys=params['generator']['keys'][kept])
  alone = generator.apply(
      {'params': own},
      support.reshape(6, 4),
      jnp.repeat(jnp.arange(2), 3),
      2,
      params['templates'][kept],
  )
  for place, c in enumerate(classes):
    np.testing.assert_allclose(
        found[0, c], 7 * _cosine(queries[0], alone[place]), rtol=1e-3
    )


@pytest.fixture(scope='module')
def clusters():
  """Features of 8 base classes around means, and of 3 further classes."""
  rng = np.random.default_rng(0)
  means = rng.normal(size=(11, 6))
  labels = np.repeat(np.arange(11), 20)
  features = means[labels] + 0.5 * rng.normal(size=(220, 6))
  return jnp.float32(features), jnp.asarray(labels), jnp.float32(means)


STAGE = lowshot.Stage(
    way=2,
    shots=1,
    novel_queries=2,
    base_queries=6,
    tasks=4,
    steps=120,
    learning_rates=(0.1, 0.01),
    boundaries=(0.7,),
)


def test_training_helps_on_classes_that_it_has_not_seen(clusters):
  features, labels, _ = clusters
  base = labels < 8
  # Weights of the first stage that know little.
  templates = jax.random.normal(KEY, (8, 6))
  params, metrics = lowshot.train_weight_generator(
      KEY,
      features[base],
      labels[base],
      templates,
      10.0,
      stage=STAGE,
      margin=models.Margin('class', alpha=0.5, remedy='meta'),
      similarities=jnp.eye(8),
  )
  assert metrics['loss'].shape == metrics['margin'].shape == (120,)
  assert metrics['accuracy'][-20:].mean() > 0.7
  assert metrics['accuracy'][-20:].mean() > 1.2 * metrics['accuracy'][0]
  learner = lowshot.generate_weights(params, STAGE.generator)
  novel = features[~base].reshape(3, 20, 6)
  support = types.Support(novel[:, 0], jnp.arange(3), 3)
  fitted = learner.fit(KEY, types.Base(jnp.zeros((0, 6))), support)
  right = learner.predict(fitted, novel[:, 1:]).argmax(-1)
  assert (right == jnp.arange(3)[:, None]).mean() > 0.7


def test_rates_fall_where_a_part_ends():
  rate = generator_stage.staircase(STAGE)
  np.testing.assert_allclose(
      [rate(step) for step in (0, 83, 84, 119)], [0.1, 0.1, 0.01, 0.01]
  )
  authors = generator_stage.staircase(lowshot.Stage())
  steps = np.array([0, 19_999, 20_000, 40_000, 50_000])
  np.testing.assert_allclose(
      [authors(step) for step in steps], [0.1, 0.1, 0.006, 0.0012, 0.00024]
  )


def test_what_episodes_lack_is_refused(clusters):
  features, labels, _ = clusters
  train = lambda stage, labels=labels, **options: (
      lowshot.train_weight_generator(
          KEY,
          features,
          labels,
          jnp.ones((11, 6)),
          1.0,
          stage=stage,
          **options,
      )
  )
  with pytest.raises(ValueError, match='11 of 11 base classes cannot play'):
    train(lowshot.Stage(way=11))
  with pytest.raises(ValueError, match='class 0 has 20 examples; an episode'):
    train(lowshot.Stage(shots=18))
  with pytest.raises(ValueError, match="'task' needs similarities"):
    train(STAGE, margin=models.Margin('task'))
  with pytest.raises(ValueError, match='into 2 parts, learning_rates has 4'):
    lowshot.Stage(boundaries=(0.5,))
