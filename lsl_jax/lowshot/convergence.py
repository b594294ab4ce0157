"""Weighted logistic regression to its optimum: L-BFGS over all examples."""

import chex
import jax
import jax.numpy as jnp
import optax

from lsl_jax.lowshot import balance

_ROWS_AT_ONCE = 8192


def minimise(
    pool: balance.Pool,
    weights: jax.Array,
    *,
    weight_decay: jax.Array | float,
    tolerance: jax.Array | float = 1e-5,
    max_iterations: int = 10_000,
    use_bias: bool = True,
) -> dict[str, jax.Array]:
  r"""The minimum of the weighted cross-entropy with weight decay.

  .. math:: \sum_i a_i L(W x_i + b, y_i)
      + \frac{\delta}{2} (\lVert W \rVert^2 + \lVert b \rVert^2)

  From zero, where the problem is convex in any case; strictly so, with one
  optimum, where the weight decay is positive. Stops where no entry of the
  gradient is larger than the tolerance, or where float32 resolves no further
  descent.

  Args:
    pool: examples of all classes.
    weights: :math:`a`, `[M + S]`.
    weight_decay: :math:`\delta`, may be traced.
    tolerance: in units of the gradient.
    max_iterations: of L-BFGS, each with one line search.
    use_bias: whether there is a b.

  Returns:
    `{'templates': [C + N, D], 'bias': [C + N]}`; no bias without `use_bias`.
  """
  stored = pool.base.shape[0]
  parts = [
      _blocks(pool.base, pool.labels[:stored], weights[:stored]),
      _blocks(pool.novel, pool.labels[stored:], weights[stored:]),
  ]

  def objective(params):
    squares = optax.tree.norm(params, squared=True)
    losses = [_weighted_loss(params, part) for part in parts if part]
    return sum(losses) + 0.5 * weight_decay * squares

  size = pool.novel.shape[-1]
  start = {'templates': jnp.zeros((pool.num_classes, size))}
  if use_bias:
    start['bias'] = jnp.zeros(pool.num_classes)
  return _lbfgs(objective, start, tolerance, max_iterations)


def _lbfgs(objective, params, tolerance, max_iterations):
  solver = optax.lbfgs()
  # The line search evaluates the next point already: its value is kept.
  value_and_grad = optax.value_and_grad_from_state(objective)

  def largest(tree):
    return optax.tree.norm(tree, ord=jnp.inf)

  def step(carry):
    params, state, taken, _, _ = carry
    value, gradient = value_and_grad(params, state=state)
    updates, state = solver.update(
        gradient,
        state,
        params,
        value=value,
        grad=gradient,
        value_fn=objective,
    )
    params = optax.apply_updates(params, updates)
    left = largest(optax.tree.get(state, 'grad'))
    return params, state, taken + 1, left, largest(updates)

  def goes_on(carry):
    _, _, taken, left, moved = carry
    return (taken < max_iterations) & (left > tolerance) & (moved > 0)

  start = (params, solver.init(params), 0, jnp.inf, jnp.inf)
  return jax.lax.while_loop(goes_on, step, start)[0]


def _blocks(features, labels, weights):
  """Examples in blocks of rows that fit into memory; None of no examples."""
  chex.assert_equal_shape_prefix([features, labels, weights], 1)
  rows = features.shape[0]
  if not rows:
    return None
  size = min(rows, _ROWS_AT_ONCE)
  missing = -rows % size

  def split(x):
    padding = [(0, missing)] + [(0, 0)] * (x.ndim - 1)
    return jnp.pad(x, padding).reshape(-1, size, *x.shape[1:])

  return split(features), split(labels), split(weights)


def _weighted_loss(params, blocks):
  """Sum of weighted losses; logits of one block at a time are in memory."""

  @jax.checkpoint
  def add(total, block):
    features, labels, weights = block
    logits = jnp.matmul(
        features.astype(jnp.float32),
        params['templates'].T,
        precision=jax.lax.Precision.HIGHEST,
    )
    if 'bias' in params:
      logits = logits + params['bias'][None]
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return total + jnp.sum(weights * losses), None

  return jax.lax.scan(add, jnp.zeros(()), blocks)[0]
