"""Examples one by one, classes one by one."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, types
from lsl_jax.lowshot import incremental


def _examples(rng, views=None):
  shape = (12, views, 5) if views else (12, 5)
  features = jnp.asarray(rng.normal(size=shape), jnp.float32)
  return features, jnp.asarray(rng.integers(0, 3, size=12))


@settings(max_examples=4, deadline=None)
@given(st.lists(st.integers(0, 12), max_size=4))
def test_any_division_into_calls_gives_the_same_templates(cuts):
  features, labels = _examples(np.random.default_rng(0))
  at_once = incremental.add_examples(incremental.start(3, 5), features, labels)
  bounds = [0, *sorted(cuts), 12]
  state = incremental.start(3, 5)
  for start, stop in itertools.pairwise(bounds):
    state = incremental.add_examples(
        state, features[start:stop], labels[start:stop]
    )
  np.testing.assert_array_equal(state.counts, at_once.counts)
  np.testing.assert_allclose(
      incremental.templates(state), incremental.templates(at_once), atol=1e-6
  )


@pytest.mark.parametrize('views', [None, 3])
def test_one_by_one_equals_imprinting_at_once(rng, views):
  features, labels = _examples(rng, views)
  state = incremental.start(3, 5)
  add = jax.jit(incremental.add_examples)
  for example, label in zip(features, labels, strict=True):
    state = add(state, example[None], label[None])
  support = types.Support(features, labels, 3)
  imprinted = lowshot.imprint().fit(
      jax.random.key(0), types.Base(jnp.zeros((0, 5))), support
  )
  np.testing.assert_allclose(incremental.templates(state), imprinted, atol=1e-6)


@pytest.mark.parametrize('num_classes', [0, 1, 7])
def test_a_new_class_leaves_the_others_bit_identical(rng, num_classes):
  features = jnp.asarray(rng.normal(size=(20, 33)), jnp.float32)
  before = incremental.start(num_classes, 33)
  if num_classes:
    labels = jnp.arange(20) % num_classes
    before = incremental.add_examples(before, features, labels)
  after = incremental.add_class(before, features[:4])
  np.testing.assert_array_equal(after.sums[:-1], before.sums)
  np.testing.assert_array_equal(after.counts, [*before.counts, 4])
  templates = incremental.templates(after)
  np.testing.assert_array_equal(templates[:-1], incremental.templates(before))
  alone = incremental.add_class(incremental.start(0, 33), features[:4])
  np.testing.assert_array_equal(templates[-1:], incremental.templates(alone))


def test_new_examples_change_only_their_own_class(rng):
  features, labels = _examples(rng)
  before = incremental.add_examples(incremental.start(3, 5), features, labels)
  after = incremental.add_examples(before, features[:2], jnp.array([1, 1]))
  change = after.sums - before.sums
  assert (change[1] != 0).any()
  np.testing.assert_array_equal(change[jnp.array([0, 2])], np.zeros((2, 5)))


def test_labels_of_no_class_take_no_part(rng):
  features, _ = _examples(rng)
  state = incremental.add_examples(
      incremental.start(2, 5), features[:3], jnp.array([-1, 2, 0])
  )
  np.testing.assert_array_equal(state.counts, [1, 0])
  np.testing.assert_array_equal(state.sums[1], np.zeros(5))


def test_a_class_can_be_named_before_its_first_example():
  state = incremental.add_class(incremental.start(0, 2), jnp.zeros((0, 2)))
  np.testing.assert_array_equal(incremental.templates(state), [[0, 0]])


def test_features_of_another_width_are_refused():
  with pytest.raises(AssertionError, match='suffix'):
    incremental.add_examples(
        incremental.start(2, 5), jnp.ones((3, 4)), jnp.zeros(3, jnp.int32)
    )
