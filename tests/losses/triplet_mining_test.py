"""Mined triplets against a search with loops in float64."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses

NEGATIVES = pytest.mark.parametrize('negatives', ['semi_hard', 'hardest'])


@functools.partial(jax.jit, static_argnames='negatives')
def _mine(embeddings, labels, negatives):
  return losses.mine_triplets(embeddings, labels, negatives=negatives)


def _search(embeddings, labels, negatives):
  """(positive, negative) of every anchor, None where one is missing."""
  found = []
  for a, y in enumerate(labels):
    distance = lambda i, a=a: math.dist(embeddings[a], embeddings[i])
    same = [i for i, z in enumerate(labels) if z == y and i != a]
    other = [i for i, z in enumerate(labels) if z != y]
    if not same or not other:
      found.append(None)
      continue
    positive = max(same, key=distance)
    beyond = [i for i in other if distance(i) > distance(positive)]
    if negatives == 'hardest':
      negative = min(other, key=distance)
    elif beyond:
      negative = min(beyond, key=distance)
    else:
      negative = max(other, key=distance)
    found.append((positive, negative))
  return found


def _check_classes(mined, labels):
  """Every index is valid, and classes are what they should be."""
  labels = np.asarray(labels)
  anchor, positive, negative, valid = (np.asarray(leaf) for leaf in mined)
  np.testing.assert_array_equal(anchor, np.arange(len(labels)))
  for indices in (positive, negative):
    assert indices.dtype == np.int32
    assert ((indices >= 0) & (indices < len(labels))).all()
  assert (labels[positive] == labels).all()
  assert (positive != anchor)[valid].all()
  assert (labels[negative] != labels)[valid].all()
  assert (positive == anchor)[~valid].all()
  assert (negative == anchor)[~valid].all()


@NEGATIVES
def test_agrees_with_a_search(rng, negatives):
  outcomes = set()
  for _ in range(5):
    embeddings = rng.normal(size=(12, 2))
    labels = rng.integers(0, 6, 12)
    mined = _mine(
        jnp.asarray(embeddings, jnp.float32), jnp.asarray(labels), negatives
    )
    expected = _search(embeddings, labels, negatives)
    _check_classes(mined, labels)
    assert list(mined.valid) == [pair is not None for pair in expected]
    for a, pair in enumerate(expected):
      if pair is not None:
        assert (mined.positive[a], mined.negative[a]) == pair
    outcomes |= {pair is None for pair in expected}
  assert outcomes == {True, False}


def test_semi_hard_negatives_keep_the_loss_between_zero_and_the_margin(rng):
  # Classes so far apart that there is always a negative beyond the positive.
  labels = jnp.arange(12) % 3
  noise = jnp.asarray(rng.normal(size=(12, 4)), jnp.float32)
  embeddings = noise + 100 * jax.nn.one_hot(labels, 4)
  mined = _mine(embeddings, labels, 'semi_hard')
  values = losses.triplet(
      embeddings[mined.anchor],
      embeddings[mined.positive],
      embeddings[mined.negative],
      margin=200.0,
  )
  assert ((values > 0) & (values < 200)).all()


@NEGATIVES
@pytest.mark.parametrize(
    'labels', [[0, 1, 2, 3], [5, 5, 5, 5]], ids=['no positive', 'no negative']
)
def test_anchors_without_a_positive_or_a_negative_are_masked(
    rng, labels, negatives
):
  embeddings = jnp.asarray(rng.normal(size=(4, 3)), jnp.float32)
  mined = _mine(embeddings, jnp.array(labels), negatives)
  assert not mined.valid.any()
  _check_classes(mined, labels)


@NEGATIVES
@pytest.mark.parametrize('size', [0.0, 1e-30, 1e30, np.inf, np.nan])
def test_classes_are_respected_whatever_the_embeddings(negatives, size):
  # Squares underflow, overflow, or are not numbers at all.
  labels = jnp.array([0, 1, 0, 1, 2])
  embeddings = size * jnp.arange(1.0, 11.0).reshape(5, 2)
  mined = _mine(embeddings, labels, negatives)
  _check_classes(mined, labels)
  np.testing.assert_array_equal(mined.valid, [True, True, True, True, False])


def test_no_gradient_flows_through_the_choice(rng):
  embeddings = jnp.asarray(rng.normal(size=(6, 3)), jnp.float32)
  labels = jnp.arange(6) % 2

  @jax.jit
  def slopes(embeddings):
    def cost(x, mined):
      chosen = (x[indices] for indices in mined[:3])
      return jnp.sum(losses.triplet(*chosen, margin=1.0))

    mined = losses.mine_triplets(embeddings, labels)
    through = jax.grad(lambda x: cost(x, losses.mine_triplets(x, labels)))
    return through(embeddings), jax.grad(cost)(embeddings, mined)

  np.testing.assert_array_equal(*slopes(embeddings))


def test_inputs_that_do_not_fit_are_refused():
  labels = jnp.zeros(3, jnp.int32)
  with pytest.raises(ValueError, match="'easy'; valid ones: semi_hard, hard"):
    losses.mine_triplets(jnp.ones((3, 2)), labels, negatives='easy')
  with pytest.raises(AssertionError, match='prefix'):
    losses.mine_triplets(jnp.ones((4, 2)), labels)
  with pytest.raises(AssertionError, match='rank'):
    losses.mine_triplets(jnp.ones((3, 2, 2)), labels)
