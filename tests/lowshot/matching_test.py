"""Matching networks as a learner, and their training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, models, types
from lsl_jax.lowshot import class_rows, matching_training

KEY = jax.random.key(0)


def _params(size=3, steps=2):
  network = models.MatchingNetwork(size, steps)
  blank = jnp.zeros((1, size))
  return network.init(KEY, blank, blank, jnp.zeros(1, jnp.int32), 1)['params']


def _base(rng, counts=(5, 2)):
  labels = np.repeat(np.arange(len(counts)), counts)[::-1].copy()
  return types.Base(
      jnp.zeros((len(counts), 3)),
      features=jnp.asarray(rng.normal(size=(len(labels), 3)), jnp.float32),
      labels=jnp.asarray(labels),
  )


def _support(rng):
  features = jnp.asarray(rng.normal(size=(4, 3)), jnp.float32)
  return types.Support(features, jnp.array([1, 0, 1, 0]), 2)


def test_it_is_the_network_on_base_examples_then_repeated_novel_ones(rng):
  base, support = _base(rng), _support(rng)
  params = _params()
  learner = lowshot.matching_network(params, per_class=5, attention_steps=2)
  queries = jnp.asarray(rng.normal(size=(2, 2, 3)), jnp.float32)
  encoded = jax.jit(learner.fit)(KEY, base, support)
  apply = jax.jit(models.MatchingNetwork(3, 2).apply, static_argnums=4)
  # Rows 2 to 6 are class 0; of class 1, rows 0 and 1, one is taken thrice.
  logits = jax.jit(learner.predict)(encoded, queries)
  novel = [1, 3, 0, 2] * 3
  options = []
  for ones in ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1]):
    examples = jnp.concatenate(
        [
            base.features[2:],
            base.features[np.array(ones)],
            support.features[np.array(novel)],
        ]
    )
    labels = jnp.array([0] * 5 + [1] * 5 + [2, 2, 3, 3] * 3)
    options.append(
        apply({'params': params}, queries.reshape(4, 3), examples, labels, 4)
    )
  closest = min(options, key=lambda x: np.abs(x - logits.reshape(4, 4)).max())
  np.testing.assert_allclose(logits.reshape(4, 4), closest, atol=1e-5)


def test_the_key_chooses_base_examples(rng):
  base, support = _base(rng, counts=(20, 20)), _support(rng)
  learner = lowshot.matching_network(_params(), per_class=3)
  fit = jax.jit(learner.fit)
  first, other = (fit(jax.random.key(i), base, support) for i in range(2))
  assert np.abs(first.examples - other.examples).max() > 1e-3
  assert first.labels.tolist() == [0] * 3 + [1] * 3 + [2, 2, 3, 3] * 2


def test_draws_in_one_program_equal_one_by_one(rng):
  base, support = _base(rng), _support(rng)
  learner = lowshot.matching_network(_params(), per_class=3)
  queries = jnp.asarray(rng.normal(size=(4, 3)), jnp.float32)

  def logits(key, features):
    fitted = learner.fit(key, base, support.replace(features=features))
    return learner.predict(fitted, queries)

  keys = jax.random.split(KEY, 2)
  draws = jnp.stack([support.features, 1 - support.features])
  together = jax.jit(jax.vmap(logits))(keys, draws)
  alone = jax.jit(logits)
  for i in range(2):
    np.testing.assert_allclose(together[i], alone(keys[i], draws[i]), atol=1e-5)


def test_base_classes_may_be_absent_but_not_without_examples(rng):
  learner = lowshot.matching_network(_params(), per_class=2)
  support = _support(rng)
  fitted = learner.fit(KEY, types.Base(jnp.zeros((0, 3))), support)
  assert learner.predict(fitted, support.features).shape == (4, 2)
  with pytest.raises(ValueError, match=r'without base\.features'):
    learner.fit(KEY, types.Base(jnp.zeros((2, 3))), support)


def test_episodes_hold_one_query_and_one_to_ten_other_examples_a_class():
  labels = jnp.repeat(
      jnp.arange(3), jnp.array([4, 2, 9]), total_repeat_length=15
  )
  rows = class_rows.class_rows(labels, 3)
  draw = lambda key: matching_training.matching_episode(key, rows, max_shots=4)
  episodes = jax.jit(jax.vmap(draw))(jax.random.split(KEY, 500))
  labels, numbers = np.asarray(labels), np.zeros((3, 5), int)
  orders = set()
  for classes, queries, support, slots in zip(
      *(np.asarray(field) for field in episodes), strict=True
  ):
    orders.add(tuple(classes))
    np.testing.assert_array_equal(labels[queries], classes)
    real = slots >= 0
    np.testing.assert_array_equal(labels[support[real]], slots[real])
    used = [*queries, *support[real]]
    assert len(set(used)) == len(used)
    assert list(dict.fromkeys(slots[real])) == classes.tolist()
    for c in range(3):
      numbers[c, (slots == c).sum()] += 1
  assert len(orders) == 6
  # Shots are uniform as far as a class has other examples than its query.
  np.testing.assert_allclose(numbers[2, 1:], 125, atol=50)
  np.testing.assert_allclose(numbers[0, 1:], [125, 125, 250, 0], atol=55)
  assert numbers[1].tolist() == [0, 500, 0, 0, 0]


def test_training_learns_to_tell_classes_apart(rng):
  labels = np.arange(40) % 4
  centres = 3 * rng.normal(size=(4, 6))
  features = centres[labels] + rng.normal(size=(40, 6))
  params, losses = lowshot.train_matching_network(
      KEY,
      jnp.asarray(features, jnp.float32),
      jnp.asarray(labels),
      num_classes=4,
      max_shots=3,
      iterations=80,
      learning_rate=0.5,
      decay_every=60,
      attention_steps=1,
  )
  assert losses.shape == (80,)
  assert losses[-20:].mean() < 0.7 * losses[:10].mean()
  shapes = jax.tree.map(jnp.shape, params)
  assert shapes == jax.tree.map(jnp.shape, _params(size=6))


def test_a_class_of_one_example_is_refused():
  with pytest.raises(ValueError, match='class 1 has 1 examples'):
    lowshot.train_matching_network(
        KEY, jnp.zeros((3, 2)), jnp.array([0, 0, 1]), num_classes=2
    )
