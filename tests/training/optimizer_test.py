"""Recipes against the updates that torch.optim documents, in float64 loops."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lsl_jax.training import optimizer

STEPS = 6


def _values(seed):
  rng = np.random.default_rng(seed)
  return {
      'body': {'kernel': rng.normal(size=(3, 2)), 'bias': rng.normal(size=2)},
      'head': {'kernel': rng.normal(size=(2, 2)), 'scale': rng.normal()},
  }


def _ours(spec, *, num_steps=STEPS, steps_per_epoch=2):
  """The parameters after each step."""
  update = optimizer.make(
      spec, steps_per_epoch=steps_per_epoch, num_steps=num_steps
  )
  cast = lambda tree: jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), tree)
  params = cast(_values(0))
  state = update.init(params)

  @jax.jit
  def step(params, state, gradients):
    updates, state = update.update(gradients, state, params)
    return optax.apply_updates(params, updates), state

  history = []
  for t in range(num_steps):
    params, state = step(params, state, cast(_values(t + 1)))
    history.append(params)
  return history


def _oracle(rule, *, rate, decay_of=lambda path: 0.0, factor=lambda path: 1.0):
  """Parameters after each step under `rule(p, g, memory, rate, decay, t)`."""
  flat = lambda tree: {
      (top, name): np.asarray(value, np.float64)
      for top, inner in tree.items()
      for name, value in inner.items()
  }
  params, memory, history = flat(_values(0)), {}, []
  for t in range(STEPS):
    gradients = flat(_values(t + 1))
    for path, p in params.items():
      params[path] = rule(
          p,
          gradients[path],
          memory.setdefault(path, {}),
          rate(t) * factor(path),
          decay_of(path),
          t,
      )
    history.append(dict(params))
  return history


def _sgd(momentum=0.0, dampening=0.0, nesterov=False):
  def rule(p, g, memory, rate, decay, t):
    g = g + decay * p
    if momentum:
      if t == 0:
        memory['b'] = g
      else:
        memory['b'] = momentum * memory['b'] + (1 - dampening) * g
      g = g + momentum * memory['b'] if nesterov else memory['b']
    return p - rate * g

  return rule


def _rmsprop(alpha, eps, momentum):
  def rule(p, g, memory, rate, decay, t):
    g = g + decay * p
    memory['v'] = alpha * memory.get('v', 0.0) + (1 - alpha) * g * g
    ratio = g / (np.sqrt(memory['v']) + eps)
    memory['b'] = momentum * memory.get('b', 0.0) + ratio
    return p - rate * memory['b']

  return rule


def _adam(b1, b2, eps, *, decoupled):
  def rule(p, g, memory, rate, decay, t):
    if decoupled:
      p = p - rate * decay * p
    else:
      g = g + decay * p
    memory['m'] = b1 * memory.get('m', 0.0) + (1 - b1) * g
    memory['v'] = b2 * memory.get('v', 0.0) + (1 - b2) * g * g
    m = memory['m'] / (1 - b1 ** (t + 1))
    v = memory['v'] / (1 - b2 ** (t + 1))
    return p - rate * m / (np.sqrt(v) + eps)

  return rule


def _assert_same(ours, expected):
  for t, (params, oracle) in enumerate(zip(ours, expected, strict=True)):
    for (top, name), value in oracle.items():
      np.testing.assert_allclose(
          params[top][name],
          value,
          rtol=2e-5,
          atol=1e-6,
          err_msg=f'step {t}: {top}/{name}',
      )


@pytest.mark.parametrize(
    ('spec', 'rule'),
    [
        ({'name': 'sgd'}, _sgd()),
        ({'name': 'sgd', 'momentum': 0.9}, _sgd(0.9)),
        (
            {'name': 'sgd', 'momentum': 0.9, 'dampening': 0.9},
            _sgd(0.9, dampening=0.9),
        ),
        (
            {'name': 'sgd', 'momentum': 0.8, 'nesterov': True},
            _sgd(0.8, nesterov=True),
        ),
        (
            {'name': 'rmsprop', 'momentum': 0.9, 'decay': 0.95, 'eps': 1e-3},
            _rmsprop(0.95, 1e-3, 0.9),
        ),
        ({'name': 'rmsprop'}, _rmsprop(0.99, 1e-8, 0.0)),
        (
            {'name': 'adam', 'b1': 0.8, 'b2': 0.95, 'eps': 1e-4},
            _adam(0.8, 0.95, 1e-4, decoupled=False),
        ),
        ({'name': 'adamw'}, _adam(0.9, 0.999, 1e-8, decoupled=True)),
    ],
)
def test_each_recipe_is_the_documented_update_with_weight_decay(spec, rule):
  spec = {**spec, 'learning_rate': 0.05, 'weight_decay': 0.1}
  expected = _oracle(rule, rate=lambda t: 0.05, decay_of=lambda path: 0.1)
  _assert_same(_ours(spec), expected)


def test_dampened_momentum_moves_one_rate_a_step_and_plain_momentum_ten():
  def distance(**settings):
    update = optimizer.make(
        {'name': 'sgd', 'learning_rate': 0.1, 'momentum': 0.9, **settings},
        steps_per_epoch=1,
        num_steps=200,
    )
    step = jax.jit(update.update)
    params = {'w': jnp.zeros(())}
    state = update.init(params)
    for _ in range(200):
      updates, state = step({'w': jnp.ones(())}, state, params)
      params = optax.apply_updates(params, updates)
    return -float(params['w'])

  # Sum of geometric series: 200 * 0.1, and 20 / (1 - 0.9) less its start.
  assert distance(dampening=0.9) == pytest.approx(20.0, rel=1e-4)
  assert distance() == pytest.approx(191.0, rel=1e-4)


def test_only_kernels_decay_under_the_mask_of_that_name():
  spec = {
      'name': 'sgd',
      'learning_rate': 0.1,
      'weight_decay': 0.5,
      'weight_decay_mask': 'kernels',
  }
  expected = _oracle(
      _sgd(),
      rate=lambda t: 0.1,
      decay_of=lambda path: 0.5 if path[1] == 'kernel' else 0.0,
  )
  _assert_same(_ours(spec), expected)


@pytest.mark.parametrize('name', ['sgd', 'adamw'])
def test_a_multiplier_scales_the_rate_of_its_subtree_and_so_its_decay(name):
  rule = _sgd() if name == 'sgd' else _adam(0.9, 0.999, 1e-8, decoupled=True)
  spec = {
      'name': name,
      'learning_rate': 0.01,
      'weight_decay': 0.1,
      'multipliers': {'head': 10.0},
  }
  expected = _oracle(
      rule,
      rate=lambda t: 0.01,
      decay_of=lambda path: 0.1,
      factor=lambda path: 10.0 if path[0] == 'head' else 1.0,
  )
  _assert_same(_ours(spec), expected)


def test_a_multiplier_of_zero_freezes_a_subtree_exactly():
  spec = {'name': 'adam', 'learning_rate': 0.1, 'multipliers': {'body': 0.0}}
  before, after = _values(0), _ours(spec)[-1]
  np.testing.assert_array_equal(
      after['body']['kernel'], np.float32(before['body']['kernel'])
  )
  assert np.all(after['head']['kernel'] != before['head']['kernel'])


def test_the_papers_recipe_decays_while_new_layers_keep_ten_times_its_rate():
  spec = {
      'name': 'rmsprop',
      'learning_rate': 1e-2,
      'momentum': 0.9,
      'schedule': {'name': 'exponential', 'rate': 0.94, 'every': 1},
      'multipliers': {'head': 10.0},
  }
  expected = _oracle(
      _rmsprop(0.99, 1e-8, 0.9),
      rate=lambda t: 1e-2 * 0.94 ** (t // 2),
      factor=lambda path: 10.0 if path[0] == 'head' else 1.0,
  )
  _assert_same(_ours(spec), expected)
  update = optimizer.make(spec, steps_per_epoch=2, num_steps=STEPS)
  np.testing.assert_allclose(update.learning_rate(5), 1e-2 * 0.94**2, rtol=1e-6)


def test_gradients_are_clipped_to_a_global_norm_before_decay():
  spec = {
      'name': 'sgd',
      'learning_rate': 1.0,
      'clip_norm': 0.5,
      'weight_decay': 0.1,
  }
  norm = lambda t: float(optax.tree.norm(_values(t + 1)))
  assert norm(0) > 0.5

  def rule(p, g, memory, rate, decay, t):
    return p - rate * (g * 0.5 / norm(t) + decay * p)

  expected = _oracle(rule, rate=lambda t: 1.0, decay_of=lambda path: 0.1)
  _assert_same(_ours(spec), expected)


def test_small_gradients_are_not_clipped():
  spec = {'name': 'sgd', 'learning_rate': 0.1}
  clipped = _ours({**spec, 'clip_norm': 1e3})
  np.testing.assert_array_equal(
      clipped[-1]['body']['kernel'], _ours(spec)[-1]['body']['kernel']
  )


def test_an_object_with_attributes_is_a_recipe_too():
  spec = types.SimpleNamespace(
      name='sgd',
      learning_rate=0.1,
      schedule=types.SimpleNamespace(name='cosine'),
      multipliers=types.SimpleNamespace(head=2.0),
  )
  as_data = {
      'name': 'sgd',
      'learning_rate': 0.1,
      'schedule': {'name': 'cosine'},
      'multipliers': {'head': 2.0},
  }
  np.testing.assert_array_equal(
      _ours(spec)[-1]['head']['kernel'], _ours(as_data)[-1]['head']['kernel']
  )


@pytest.mark.parametrize(
    ('spec', 'message'),
    [
        ({'learning_rate': 1.0}, 'needs a name. Valid: adam, adamw, rmsprop'),
        ({'name': 'sdg'}, "Unknown optimizer 'sdg'. Valid: adam, adamw"),
        ({'name': 'sgd'}, "optimizer 'sgd' needs learning_rate"),
        (
            {'name': 'adam', 'learning_rate': 1.0, 'momentum': 0.9},
            "'adam' has no setting momentum. Valid settings: b1, b2, clip_each",
        ),
        (
            {'name': 'sgd', 'learning_rate': 1.0, 'weight_decay_mask': 'some'},
            "Unknown weight_decay_mask 'some'. Valid: all, kernels",
        ),
        (
            {'name': 'sgd', 'learning_rate': 1.0, 'nesterov': True},
            'nesterov needs momentum > 0',
        ),
        (
            {'name': 'sgd', 'learning_rate': 1.0, 'multipliers': {'tail': 2.0}},
            'multipliers name tail, but the parameters have body, head',
        ),
    ],
)
def test_a_wrong_recipe_is_told_what_is_right(spec, message):
  with pytest.raises(ValueError, match=message):
    _ours(spec)


def test_each_array_is_clipped_by_itself():
  spec = {'name': 'sgd', 'learning_rate': 1.0, 'clip_each': 1.0}
  own = optimizer.make(spec, steps_per_epoch=1, num_steps=1)
  gradients = {'a': jnp.array([3.0, 4.0]), 'b': jnp.array([0.3, 0.4])}
  updates, _ = own.update(gradients, own.init(gradients), gradients)
  np.testing.assert_allclose(updates['a'], [-0.6, -0.8], rtol=1e-6)
  np.testing.assert_allclose(updates['b'], [-0.3, -0.4], rtol=1e-6)
