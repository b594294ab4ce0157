"""Logistic regression against loops, scikit-learn, and its own optimum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import linear_model

from lsl_jax import lowshot, types
from lsl_jax.lowshot import balance, convergence

KEY = jax.random.key(0)


def _problem(rng, shots=2):
  """Four base classes of 5 to 20 examples, two novel ones of a few."""
  centres = rng.normal(size=(6, 5))
  labels = np.repeat(np.arange(4), [20, 5, 10, 15])
  features = centres[labels] + rng.normal(size=(50, 5))
  novel = np.tile([0, 1], shots)
  novel_features = centres[novel + 4] + rng.normal(size=(2 * shots, 5))
  base = types.Base(
      jnp.zeros((4, 5)),
      features=jnp.asarray(features, jnp.float32),
      labels=jnp.asarray(labels),
  )
  support = types.Support(
      jnp.asarray(novel_features, jnp.float32), jnp.asarray(novel), 2
  )
  return base, support


def _shares(base, support, name='paper'):
  """Weights by loops: of a class's examples, or of base and novel ones."""
  labels = [*base.labels.tolist(), *(support.labels + 4).tolist()]
  if name == 'paper':
    return labels, np.array([1 / (6 * labels.count(y)) for y in labels])
  novel = len(support.labels)
  return labels, np.array([0.667 / 50] * 50 + [0.333 / novel] * novel)


def _examples(base, support):
  return np.concatenate([base.features, support.features]).astype(np.float64)


def _gradient(classifier, features, labels, shares, weight_decay):
  """Of the weighted loss, by loops in float64; and the loss."""
  templates = np.asarray(classifier['templates'], np.float64)
  bias = np.asarray(classifier['bias'], np.float64)
  to_templates, to_bias = weight_decay * templates, weight_decay * bias
  loss = weight_decay / 2 * ((templates**2).sum() + (bias**2).sum())
  for x, y, share in zip(features, labels, shares, strict=True):
    logits = np.array(
        [sum(w * x) + b for w, b in zip(templates, bias, strict=True)]
    )
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    loss -= share * np.log(p[y])
    for c in range(len(bias)):
      to_templates[c] += share * (p[c] - (c == y)) * x
      to_bias[c] += share * (p[c] - (c == y))
  return loss, to_templates, to_bias


@pytest.mark.parametrize('name', balance.BALANCES)
def test_a_few_steps_are_those_of_a_loop_in_double_precision(rng, name):
  base, support = _problem(rng)
  settings = {'learning_rate': 0.5, 'weight_decay': 0.1, 'balance': name}
  steps, batch_size = 4, 6

  def fit(iterations):
    learner = lowshot.logistic(
        iterations=iterations, batch_size=batch_size, **settings
    )
    return jax.jit(learner.fit)(KEY, base, support)

  start = fit(0)
  assert start['templates'].shape == (6, 5)
  assert 0.3 < np.abs(start['templates']).max() <= 5**-0.5
  assert np.abs(start['bias']).max() <= 5**-0.5
  # The same batches: rows depend on the key and the step alone.
  pool = balance.pool(base, support)
  draw = balance.sampler(name, pool, batch_size)
  batch_key = jax.random.split(KEY)[1]
  examples, labels = _examples(base, support), _shares(base, support)[0]
  w = {k: np.asarray(v, np.float64) for k, v in start.items()}
  buffer = {}
  for t in range(steps):
    rows = draw(jax.random.fold_in(batch_key, t)).tolist()
    _, *gradient = _gradient(
        w,
        examples[rows],
        [labels[row] for row in rows],
        [1 / batch_size] * batch_size,
        0.1,
    )
    for k, g in zip(['templates', 'bias'], gradient, strict=True):
      buffer[k] = 0.9 * buffer[k] + 0.1 * g if t else g
      w[k] = w[k] - 0.5 * buffer[k]
  fitted = fit(steps)
  np.testing.assert_allclose(fitted['templates'], w['templates'], atol=2e-6)
  np.testing.assert_allclose(fitted['bias'], w['bias'], atol=2e-6)


@pytest.mark.parametrize('name', balance.BALANCES)
def test_full_solver_ends_where_the_gradient_is_zero(rng, name):
  base, support = _problem(rng)
  learner = lowshot.logistic(
      solver='full', weight_decay=0.01, balance=name, tolerance=1e-11
  )
  classifier = jax.jit(learner.fit)(KEY, base, support)
  _, *gradient = _gradient(
      classifier, _examples(base, support), *_shares(base, support, name), 0.01
  )
  for each in gradient:
    np.testing.assert_allclose(each, 0, atol=2e-5)


def test_full_solver_equals_scikit_learn(rng):
  base, support = _problem(rng)
  labels, shares = _shares(base, support)
  # A constant feature in the place of an intercept, which it would not decay.
  inputs = np.pad(_examples(base, support), [(0, 0), (0, 1)], constant_values=1)
  reference = linear_model.LogisticRegression(
      C=1 / 0.01, fit_intercept=False, tol=1e-8, max_iter=1000
  ).fit(inputs, labels, shares)
  learner = lowshot.logistic(solver='full', weight_decay=0.01, tolerance=1e-11)
  classifier = jax.jit(learner.fit)(KEY, base, support)
  np.testing.assert_allclose(
      classifier['templates'], reference.coef_[:, :-1], atol=2e-3
  )
  np.testing.assert_allclose(
      classifier['bias'], reference.coef_[:, -1], atol=2e-3
  )
  queries = jnp.asarray(rng.normal(size=(3, 4, 5)), jnp.float32)
  np.testing.assert_allclose(
      learner.predict(classifier, queries),
      queries @ reference.coef_[:, :-1].T + reference.coef_[:, -1][None, None],
      atol=1e-2,
  )


def test_examples_in_several_blocks_have_the_same_optimum(rng, monkeypatch):
  base, support = _problem(rng)
  learner = lowshot.logistic(solver='full', weight_decay=0.1, tolerance=1e-11)
  whole = jax.jit(lambda *task: learner.fit(*task))(KEY, base, support)
  monkeypatch.setitem(convergence._ROWS_AT_ONCE, 'cpu', 16)  # 50 do not divide
  blocks = jax.jit(lambda *task: learner.fit(*task))(KEY, base, support)
  jax.tree.map(
      lambda x, y: np.testing.assert_allclose(x, y, atol=1e-4), whole, blocks
  )


def _crowded(rng):
  """Features as behind a ReLU: one large mean, dead ones, uneven scales."""
  base, support = _problem(rng)
  scales = np.array([1e-2, 1, 1, 30, 0])
  mend = lambda x: jnp.asarray(scales * np.abs(np.asarray(x) + 5), jnp.float32)
  return (
      base.replace(features=mend(base.features)),
      support.replace(features=mend(support.features)),
  )


def test_full_solver_needs_few_steps_where_features_are_crowded(rng):
  base, support = _crowded(rng)
  labels, shares = _shares(base, support)
  inputs = np.pad(_examples(base, support), [(0, 0), (0, 1)], constant_values=1)
  reference = linear_model.LogisticRegression(
      C=1 / 1e-3, fit_intercept=False, tol=1e-10, max_iter=10_000
  ).fit(inputs, labels, shares)
  found = {'templates': reference.coef_[:, :-1], 'bias': reference.coef_[:, -1]}
  best = _gradient(found, _examples(base, support), labels, shares, 1e-3)[0]
  learner = lowshot.logistic(solver='full', weight_decay=1e-3, iterations=25)
  fitted = jax.jit(learner.fit)(KEY, base, support)
  loss = _gradient(fitted, _examples(base, support), labels, shares, 1e-3)[0]
  # On these features as they are, 25 steps of L-BFGS end 0.35 above.
  assert best - 1e-6 < loss < best + 2e-3


def test_full_solver_bears_features_that_are_always_zero(rng):
  base, support = _crowded(rng)
  learner = lowshot.logistic(solver='full', weight_decay=0.0, iterations=20)
  fitted = jax.jit(learner.fit)(KEY, base, support)
  assert all(np.isfinite(x).all() for x in fitted.values())
  np.testing.assert_array_equal(fitted['templates'][:, 4], 0)


def test_full_solver_passes_over_examples_of_no_class(rng):
  base, support = _problem(rng)
  learner = lowshot.logistic(solver='full', weight_decay=0.1, tolerance=1e-11)
  hidden = support.replace(
      features=jnp.concatenate([support.features, 100 + jnp.ones((3, 5))]),
      labels=jnp.concatenate([support.labels, jnp.array([2, 2, 2])]),
  )
  few, many = (jax.jit(learner.fit)(KEY, base, s) for s in (support, hidden))
  jax.tree.map(
      lambda x, y: np.testing.assert_allclose(x, y, atol=1e-5), few, many
  )


def test_descent_approaches_the_objective_of_the_full_solver(rng):
  base, support = _problem(rng)
  objective = lambda classifier: _gradient(
      classifier, _examples(base, support), *_shares(base, support), 0.05
  )[0]
  start, best, approached = (
      objective(
          jax.jit(
              lowshot.logistic(weight_decay=0.05, batch_size=64, **settings).fit
          )(KEY, base, support)
      )
      for settings in (
          {'iterations': 0},
          {'solver': 'full'},
          {'iterations': 1000},
      )
  )
  assert best < approached < best + 0.02 * (start - best)


@pytest.mark.parametrize('solver', ['sgd', 'full'])
def test_draws_and_a_grid_in_one_program_equal_one_by_one(rng, solver):
  base, support = _problem(rng)
  other = support.replace(
      features=support.features[::-1] + 0.5, labels=support.labels[::-1]
  )
  draws = [support, other]
  stacked = jax.tree.map(lambda *x: jnp.stack(x), *draws)
  keys = jax.random.split(KEY, 2)
  rates, decays = jnp.array([0.1, 1.0]), jnp.array([0.1, 0.02])

  def fit(rate, decay, key, support):
    learner = lowshot.logistic(
        iterations=20,
        batch_size=8,
        learning_rate=rate,
        weight_decay=decay,
        solver=solver,
    )
    return learner.fit(key, base, support)

  over_draws = jax.vmap(fit, (None, None, 0, 0))
  grid = jax.jit(jax.vmap(over_draws, (0, 0, None, None)))
  together = grid(rates, decays, keys, stacked)
  assert together['templates'].shape == (2, 2, 6, 5)
  one = jax.jit(fit)
  for i, (rate, decay) in enumerate(zip(rates, decays, strict=True)):
    for j, (key, draw) in enumerate(zip(keys, draws, strict=True)):
      alone = one(rate, decay, key, draw)
      for name, values in alone.items():
        np.testing.assert_allclose(together[name][i, j], values, atol=2e-4)


def test_huge_features_leave_everything_finite(rng):
  base, support = _problem(rng)
  base = base.replace(features=1e4 * base.features)
  for solver in ('sgd', 'full'):
    learner = lowshot.logistic(iterations=20, batch_size=8, solver=solver)
    classifier = jax.jit(learner.fit)(KEY, base, support)
    assert all(np.isfinite(x).all() for x in classifier.values())


def test_without_base_classes_it_learns_the_novel_ones(rng):
  _, support = _problem(rng, shots=5)
  base = types.Base(jnp.zeros((0, 5)))
  learner = lowshot.logistic(solver='full', weight_decay=1e-3)
  classifier = jax.jit(learner.fit)(KEY, base, support)
  decided = learner.predict(classifier, support.features).argmax(-1)
  assert decided.tolist() == support.labels.tolist()


def test_unknown_names_are_refused_with_the_valid_ones():
  with pytest.raises(ValueError, match=r"balance 'even'.*paper, authors"):
    lowshot.logistic(balance='even')
  with pytest.raises(ValueError, match=r"solver 'newton'.*sgd, full"):
    lowshot.logistic(solver='newton')
