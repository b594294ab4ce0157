"""A step of cGLO: what it changes, on how many devices, at what cost."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lsl_jax import models, synthesis
from lsl_jax.synthesis import codes as codes_lib

_KEY = jax.random.key(9)
_ROWS = np.array([[0, 3], [2, 5]])


def test_networks_and_codes_follow_one_gradient(
    make_generation, begin, batch_of, measure
):
  generation = make_generation()
  state, step = begin(generation)
  batch = batch_of(_ROWS)
  after, metrics = jax.jit(step)(state, batch, _KEY, measure)

  flat = lambda x: x.reshape(4, *x.shape[2:])
  (value, _), (by_params, by_codes) = jax.jit(
      jax.value_and_grad(generation.loss, argnums=(0, 2), has_aux=True)
  )(
      state.params,
      state.model_state,
      flat(codes_lib.take(state.codes.values, batch.rows)),
      flat(batch.images),
      flat(batch.labels),
      jax.random.fold_in(_KEY, 0),
      measure,
  )
  np.testing.assert_allclose(metrics['loss'], value, rtol=1e-5)
  expected = jax.tree.map(lambda p, g: p - 0.05 * g, state.params, by_params)
  for ours, theirs in zip(
      jax.tree.leaves(after.params), jax.tree.leaves(expected), strict=True
  ):
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
  codes = codes_lib.update(
      state.codes, batch.rows, by_codes.reshape(2, 2, 6), learning_rate=0.02
  )
  np.testing.assert_allclose(after.codes.values, codes.values, atol=1e-5)
  assert after.step == 1
  assert metrics['finite'] == 1


def test_training_lowers_the_loss_and_keeps_codes_on_the_sphere(
    make_generation, begin, batch_of, measure
):
  state, step = begin(
      make_generation(), optimizer=optax.scale_by_adam(), rate=-0.01
  )
  run = jax.jit(step)
  rng = np.random.default_rng(0)
  history = []
  for _ in range(80):
    rows = np.stack([rng.permutation(8)[:4] for _ in range(2)])
    state, metrics = run(state, batch_of(rows), _KEY, measure)
    history.append(float(metrics['loss']))
  assert np.mean(history[-10:]) < 0.95 * np.mean(history[:10])
  codes = np.asarray(codes_lib.join(state.codes.values, 16))
  np.testing.assert_allclose(np.linalg.norm(codes, axis=-1), 1, atol=1e-5)


def test_a_step_is_the_same_on_one_device_and_on_eight(
    make_generation, begin, batch_of, measure
):
  # With batch statistics, which must be those of the whole batch.
  generation = make_generation(
      generator=models.NoisyGenerator(
          models.ConvolutionalGenerator(size=8, width=4)
      )
  )
  state, step = begin(generation, parts=8)
  batch = batch_of(np.array([[0], [1], [0], [1], [1], [0], [0], [1]]))
  results = []
  for count in (1, 8):
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:count]), ('data',))
    divided = jax.sharding.NamedSharding(mesh, jax.P('data'))
    whole = jax.sharding.NamedSharding(mesh, jax.P())
    own = dataclasses.replace(
        jax.device_put(dataclasses.replace(state, codes=None), whole),
        codes=jax.device_put(state.codes, divided),
    )
    run = jax.jit(step)
    placed = own, jax.device_put(batch, divided), jax.device_put(_KEY, whole)
    after, metrics = run(*placed, measure)
    jax.block_until_ready(after)
    if count == 8:
      assert after.codes.values.sharding.is_equivalent_to(divided, 3)
    results.append(jax.device_get((after, metrics)))
  for one, eight in zip(*map(jax.tree.leaves, results), strict=True):
    np.testing.assert_allclose(one, eight, rtol=1e-3, atol=2e-5)


def test_no_device_sends_its_codes_to_another(make_generation, begin, measure):
  generation = make_generation()
  state, step = begin(generation, parts=8)
  many = synthesis.sphere(jax.random.key(0), 8 * 4096, 6)
  state = dataclasses.replace(state, codes=codes_lib.create(many, parts=8))
  mesh = jax.sharding.Mesh(np.array(jax.devices()), ('data',))
  divided = jax.sharding.NamedSharding(mesh, jax.P('data'))
  batch = synthesis.Batch(
      jnp.zeros((8, 2, 8, 8, 3)),
      jnp.zeros((8, 2), jnp.int32),
      jnp.zeros((8, 2), jnp.int32),
  )
  own = dataclasses.replace(state, codes=jax.device_put(state.codes, divided))

  def run(state, batch, key, measure):
    after, metrics = step(state, batch, key, measure)
    codes = jax.lax.with_sharding_constraint(after.codes, divided)
    return dataclasses.replace(after, codes=codes), metrics

  text = (
      jax.jit(run)
      .lower(own, jax.device_put(batch, divided), _KEY, measure)
      .compile()
      .as_text()
  )
  collectives = [
      line
      for line in text.splitlines()
      if any(f' {name}' in line for name in _COLLECTIVES)
  ]
  assert any('all-reduce' in line for line in collectives)  # the gradients
  assert not any('4096' in line for line in collectives)
  assert not any(
      'all-gather' in line and '32768' in line for line in collectives
  )


_COLLECTIVES = ('all-reduce', 'all-gather', 'all-to-all', 'collective-permute')


def test_the_arithmetic_of_a_step_does_not_depend_on_the_number_of_codes(
    make_generation, begin, batch_of, measure
):
  generation = make_generation()
  state, step = begin(generation)
  batch = batch_of(_ROWS)

  def operations(count):
    codes = codes_lib.create(
        synthesis.sphere(jax.random.key(0), count, 6), parts=2
    )
    own = dataclasses.replace(state, codes=codes)
    program = jax.jit(step, donate_argnums=0).lower(own, batch, _KEY, measure)
    return program.cost_analysis()['flops']

  assert operations(20_000) == pytest.approx(operations(16), rel=0.02)


def test_the_authors_optimisers_begin_anew_in_each_epoch(
    make_generation, begin, batch_of, measure
):
  generation = make_generation(classifier=None)
  state, _ = begin(generation)
  adam = {'generator': synthesis.Group(optax.scale_by_adam(), lambda _: -0.01)}
  make = functools.partial(
      synthesis.make_step, generation, adam, code_rate=lambda _: 0.01
  )
  state = dataclasses.replace(
      state,
      opt_state={
          'generator': (
              adam['generator'].optimizer.init(state.params['generator'])
          )
      },
  )
  batch = batch_of(_ROWS)
  forgetting = jax.jit(make(forget_every=2))
  states = [state]
  for _ in range(3):
    states.append(forgetting(states[-1], batch, _KEY, measure)[0])
  counts = [int(s.opt_state['generator'].count) for s in states[1:]]
  assert counts == [1, 2, 1]
  # Of codes, too: those of the batch have had one update since.
  assert states[3].codes.count[0].tolist()[0] == 1
  assert states[2].codes.count[0].tolist()[0] == 2
  remembering = jax.jit(make())
  after, _ = remembering(states[2], batch, _KEY, measure)
  assert int(after.opt_state['generator'].count) == 3


def test_a_step_that_is_not_finite_says_so(
    make_generation, begin, batch_of, measure
):
  state, step = begin(make_generation(classifier=None))
  batch = batch_of(_ROWS)
  batch = batch._replace(images=batch.images.at[0, 0, 0].set(jnp.nan))
  _, metrics = jax.jit(step)(state, batch, _KEY, measure)
  assert metrics['finite'] == 0
