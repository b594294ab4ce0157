"""Weighted logistic regression to its optimum: L-BFGS over all examples.

References:
  Liu, Nocedal. On the limited memory BFGS method for large scale optimization.
  Mathematical Programming 45, 1989.
  Böhning. Multinomial logistic regression algorithm. Annals of the Institute of
  Statistical Mathematics 44, 1992: the Hessian and the examples' second
  moments.
"""

from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp
import optax

from lsl_jax.lowshot import balance

# On a CPU their logits shall stay in a core's cache.
_ROWS_AT_ONCE = {'cpu': 1024}
_ROWS_ELSEWHERE = 16_384
_EXACTLY = jax.lax.Precision.HIGHEST


def minimise(
    pool: balance.Pool,
    weights: jax.Array,
    *,
    weight_decay: jax.Array | float,
    tolerance: jax.Array | float = 1e-4,
    max_iterations: int = 1000,
    use_bias: bool = True,
) -> dict[str, jax.Array]:
  r"""The minimum of the weighted cross-entropy with weight decay.

  .. math:: \sum_i a_i L(W x_i + b, y_i)
      + \frac{\delta}{2} (\lVert W \rVert^2 + \lVert b \rVert^2)

  From zero, where the problem is convex in any case; strictly so, with one
  optimum, where the weight decay is positive.

  Features behind a ReLU share a large mean, which makes the problem long and
  narrow. It is solved for :math:`V = [W, b] R^T` with

  .. math:: R^T R = \frac{1}{C} \sum_i a_i [x_i, 1] [x_i, 1]^T + \delta I

  the order of each class's own block of the Hessian, so that L-BFGS starts
  where all directions count alike. It stops where half the squared gradient of
  V, what a Newton step with that Hessian would gain, is no more than the
  tolerance, or where float32 resolves no further descent.

  Under vmap one problem is solved after the other, each in its own number of
  steps: in lockstep a line search would evaluate both of its branches, and its
  start again.

  Args:
    pool: examples of all classes. Those with a label beyond the last class
      belong to none and need weight zero.
    weights: :math:`a`, `[M + S]`.
    weight_decay: :math:`\delta`, may be traced.
    tolerance: in nats. 1e-4 settles accuracies within a tenth of a point
      (experiments/shrink_hallucinate).
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
  parts = [part for part in parts if part]

  @jax.custom_batching.sequential_vmap
  def solve(parts, weight_decay, tolerance):
    root = _root(parts, pool.num_classes, weight_decay, use_bias)

    def rows(scaled):
      return jax.scipy.linalg.solve_triangular(root, scaled.T).T

    def objective(scaled):
      squares = jnp.sum(rows(scaled) ** 2)
      loss = sum(_weighted_loss(rows(scaled), part) for part in parts)
      return loss + 0.5 * weight_decay * squares

    start = jnp.zeros((pool.num_classes, len(root)))
    return rows(_lbfgs(objective, start, tolerance, max_iterations))

  found = solve(parts, jnp.asarray(weight_decay), jnp.asarray(tolerance))
  if not use_bias:
    return {'templates': found}
  return {'templates': found[:, :-1], 'bias': found[:, -1]}


def _root(parts, num_classes, weight_decay, use_bias) -> jax.Array:
  """R, upper triangular, `[D (+ 1), D (+ 1)]`."""

  def add(total, block):
    features, _, weights = block
    x = features.astype(jnp.float32)
    x = jnp.pad(x, [(0, 0), (0, int(use_bias))], constant_values=1)
    return (
        total + jnp.matmul((weights[:, None] * x).T, x, precision=_EXACTLY),
        None,
    )

  size = parts[0][0].shape[-1] + use_bias
  total = jnp.zeros((size, size))
  for part in parts:
    total = jax.lax.scan(add, total, part)[0]
  moments = total / num_classes
  # Without weight decay, features that are always zero have no curvature.
  least = 1e-6 * jnp.trace(moments) / size + jnp.finfo(jnp.float32).tiny
  moments += (weight_decay + least) * jnp.eye(size)
  return jnp.linalg.cholesky(moments).T


def _lbfgs(
    objective: Callable[[jax.Array], jax.Array],
    params: jax.Array,
    tolerance: jax.Array | float,
    max_iterations: int,
) -> jax.Array:
  solver = optax.lbfgs()
  # The line search evaluates the next point already: its value is kept.
  value_and_grad = optax.value_and_grad_from_state(objective)

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
    left = 0.5 * jnp.sum(optax.tree.get(state, 'grad') ** 2)
    return params, state, taken + 1, left, optax.tree.norm(updates)

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
  size = min(rows, _ROWS_AT_ONCE.get(jax.default_backend(), _ROWS_ELSEWHERE))
  missing = -rows % size

  def split(x):
    padding = [(0, missing)] + [(0, 0)] * (x.ndim - 1)
    return jnp.pad(x, padding).reshape(-1, size, *x.shape[1:])

  return split(features), split(labels), split(weights)


@jax.custom_vjp
def _weighted_loss(rows, blocks):
  """Sum of weighted losses of [W, b], `[C + N, D + 1]`, or of W alone."""
  return _loss_and_gradient(rows, blocks)[0]


def _loss_and_gradient(rows, blocks):
  """One pass over the examples; logits of one block at a time are in memory."""
  size = blocks[0].shape[-1]
  templates, bias = rows[:, :size], rows[:, size:]

  def add(carry, block):
    features, labels, weights = block
    x = features.astype(jnp.float32)
    logits = jnp.matmul(x, templates.T, precision=_EXACTLY)
    logits += jnp.sum(bias, 1)[None]
    own = labels[:, None] == jnp.arange(len(rows))[None]
    total = jax.nn.logsumexp(logits, axis=-1)
    errors = weights[:, None] * (jnp.exp(logits - total[:, None]) - own)
    each = total - jnp.sum(jnp.where(own, logits, 0), -1)
    loss, to_templates, to_bias = carry
    return (
        loss + jnp.sum(weights * each),
        to_templates + jnp.matmul(errors.T, x, precision=_EXACTLY),
        to_bias + jnp.sum(errors, 0),
    ), None

  start = jnp.zeros(()), jnp.zeros_like(templates), jnp.zeros(len(rows))
  loss, to_templates, to_bias = jax.lax.scan(add, start, blocks)[0]
  to_bias = jnp.broadcast_to(to_bias[:, None], bias.shape)  # no column without
  return loss, jnp.concatenate([to_templates, to_bias], axis=1)


def _backward(gradient, cotangent):
  return cotangent * gradient, None


_weighted_loss.defvjp(_loss_and_gradient, _backward)
