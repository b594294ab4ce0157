"""MixMatch against the paper's equations in loops, and what evaluation uses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import representation, types
from lsl_jax.representation import mixmatch_objective

KEY = jax.random.key(1)
VIEWS = 2


@pytest.fixture
def groups(rng):
  """Four labelled images, each with two views of an unlabelled one."""
  images = jnp.asarray(rng.normal(size=(12, 2, 2, 3)), jnp.float32)
  labels = jnp.full(12, -1).at[::3].set(jnp.arange(4))
  return types.Batch(images, labels)


def _softmax(logits):
  exponents = np.exp(np.asarray(logits, np.float64))
  return exponents / exponents.sum(-1, keepdims=True)


def test_sharpening_is_equation_7(rng):
  p = _softmax(rng.normal(size=(5, 4)))
  for temperature in (1.0, 0.5, 0.1):
    powers = p ** (1 / temperature)
    expected = powers / powers.sum(-1, keepdims=True)
    got = mixmatch_objective.sharpen(jnp.asarray(p, jnp.float32), temperature)
    np.testing.assert_allclose(got, expected, atol=1e-5)
  certain = jnp.array([1.0, 0.0])
  np.testing.assert_array_equal(mixmatch_objective.sharpen(certain), certain)


def test_shares_are_at_least_a_half_with_the_betas_spread():
  shares = np.asarray(mixmatch_objective.mixup_share(KEY, 20_000, 0.75))
  assert shares.min() >= 0.5
  assert shares.max() <= 1
  rng = np.random.default_rng(0)
  other = rng.beta(0.75, 0.75, 200_000)
  expected = np.maximum(other, 1 - other)
  np.testing.assert_allclose(shares.mean(), expected.mean(), atol=0.005)
  np.testing.assert_allclose(shares.std(), expected.std(), atol=0.005)


def test_the_loss_is_that_of_the_paper(tiny_network, groups, monkeypatch):
  """Equations 2 to 11, with the objective's own draws of order and shares."""
  network = tiny_network(cosine=False, unit=False)
  draws = {}

  def share(key, count, alpha):
    draws['share'] = np.linspace(0.55, 0.95, count)
    return jnp.asarray(draws['share'], jnp.float32)

  permutation = jax.random.permutation

  def order(key, count):
    draws['order'] = permutation(key, count)
    return draws['order']

  monkeypatch.setattr(mixmatch_objective, 'mixup_share', share)
  monkeypatch.setattr(jax.random, 'permutation', order)
  mixmatch = representation.mixmatch(
      network, views=VIEWS, unlabelled_weight=10.0, ramp_steps=4
  )
  variables = mixmatch.init(jax.random.key(0), groups.images)
  params = variables['params']
  state = {k: v for k, v in variables.items() if k != 'params'}
  state['progress'] = {'steps': jnp.array(3, jnp.int32)}
  value, (_, metrics) = mixmatch.loss(params, state, groups, KEY)

  own = {'params': params, 'batch_stats': state['batch_stats']}
  forward = lambda images: np.asarray(
      network.apply(
          own, jnp.asarray(images), train=True, mutable=['batch_stats']
      )[0]['logits'],
      np.float64,
  )
  images = np.asarray(groups.images).reshape(4, 3, 2, 2, 3)
  labelled, unlabelled = images[:, 0], images[:, 1:].reshape(8, 2, 2, 3)
  guesses = _softmax(forward(unlabelled)).reshape(4, 2, 4)
  targets = [np.eye(4)[i] for i in range(4)]
  for i in range(4):
    mean = (guesses[i, 0] + guesses[i, 1]) / 2
    sharp = mean**2 / (mean**2).sum()
    targets += [sharp, sharp]
  together = np.concatenate([labelled, unlabelled])
  mixed, wanted = [], []
  for i, (j, s) in enumerate(
      zip(np.asarray(draws['order']), draws['share'], strict=True)
  ):
    mixed.append(s * together[i] + (1 - s) * together[j])
    wanted.append(s * targets[i] + (1 - s) * targets[j])
  p = _softmax(forward(np.array(mixed, np.float32)))
  supervised = np.mean([-(wanted[i] * np.log(p[i])).sum() for i in range(4)])
  consistency = np.mean(
      [((wanted[i] - p[i]) ** 2).sum() / 4 for i in range(4, 12)]
  )
  np.testing.assert_allclose(metrics['labelled'], supervised, rtol=1e-4)
  np.testing.assert_allclose(metrics['unlabelled'], consistency, rtol=1e-4)
  # Three quarters up the ramp.
  np.testing.assert_allclose(value, supervised + 7.5 * consistency, rtol=1e-4)


def test_guesses_carry_no_gradient_and_evaluation_uses_averages(
    tiny_network, groups
):
  mixmatch = representation.mixmatch(tiny_network(), average=0.5)
  variables = mixmatch.init(jax.random.key(0), groups.images)
  params = variables['params']
  state = {k: v for k, v in variables.items() if k != 'params'}
  moved = jax.tree.map(lambda p: p + 1, params)
  _, (new_state, _) = mixmatch.loss(moved, state, groups, KEY)
  for average, start in zip(
      jax.tree.leaves(new_state['average']),
      jax.tree.leaves(params),
      strict=True,
  ):
    np.testing.assert_allclose(average, start + 0.5, atol=1e-6)
  assert new_state['progress']['steps'] == 1
  # The parameters themselves do not matter in evaluation.
  before = mixmatch.logits({'params': params, **state}, groups.images)
  after = mixmatch.logits({'params': moved, **state}, groups.images)
  np.testing.assert_array_equal(before, after)
  assert np.isfinite(before).all()


def test_batches_that_are_not_groups_are_refused(tiny_network, groups):
  mixmatch = representation.mixmatch(tiny_network())
  variables = mixmatch.init(jax.random.key(0), groups.images)
  wrong = types.Batch(groups.images[:7], groups.labels[:7])
  with pytest.raises(ValueError, match='batch of 7 is not made of groups'):
    mixmatch.loss(variables['params'], {}, wrong, KEY)
