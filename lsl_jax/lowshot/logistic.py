"""Logistic regression over base and novel classes, on stored features.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, sections 6.2 and 6.3.
"""

import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.losses import softmax
from lsl_jax.lowshot import balance as balancing
from lsl_jax.lowshot import convergence, descent

SOLVERS = ('sgd', 'full')


def logistic(
    *,
    iterations: int = 10_000,
    batch_size: int = 1000,
    learning_rate: jax.Array | float = 0.1,
    momentum: jax.Array | float = 0.9,
    dampening: jax.Array | float = 0.9,
    weight_decay: jax.Array | float = 0.001,
    balance: str = 'paper',
    solver: str = 'sgd',
    tolerance: float = 1e-4,
) -> types.Learner:
  r"""A linear classifier with bias, trained on base features and support.

  .. math:: \min_{W, b} \sum_i a_i L(W x_i + b, y_i)
      + \frac{\delta}{2} (\lVert W \rVert^2 + \lVert b \rVert^2)

  with the cross-entropy L and each example's share :math:`a_i` of the draws.
  `sgd` is the paper's way: mini-batches, one scan, from framework-default
  uniform weights within :math:`1 / \sqrt D`. `full` takes all examples at once
  by L-BFGS until there is nothing to gain: the same optimum, with neither rate
  nor noise. Numbers that are not static may be traced: `vmap` over
  `logistic(learning_rate=r, weight_decay=d).fit` runs a grid as one program.

  The paper gives neither momentum, dampening nor weight decay; they are those
  of the authors' code, whose classifier has 1000 outputs whatever the number
  of classes; this one has C + N.

  Args:
    iterations: steps of `sgd`, at most so many of `full`; static.
    batch_size: of `sgd`; with `full` it only rounds the authors' shares.
    learning_rate: of `sgd`, constant.
    momentum: of `sgd`.
    dampening: of `sgd`, see `descent.descend`.
    weight_decay: :math:`\delta`, on weights and bias.
    balance: of base and novel classes, `paper` (uniform over classes, then
      within the class) or `authors`; see `balance.sampler`.
    solver: `sgd` or `full`.
    tolerance: nats still to gain at which `full` stops, see
      `convergence.minimise`.

  Returns:
    A learner that needs `base.features` and `base.labels` (ValueError where
    they are missing), and whose classifier is `{'templates': [C + N, D],
    'bias': [C + N]}`. Support features with views, `[S, A, D]`, count as A
    examples each.

  Raises:
    ValueError: an unknown balance or solver.
  """
  _check('balance', balance, balancing.BALANCES)
  _check('solver', solver, SOLVERS)

  def fit_by_sgd(key, base, support):
    pool = balancing.pool(base, support)
    draw = balancing.sampler(balance, pool, batch_size)
    init_key, batch_key = jax.random.split(key)

    def value_and_grad(params, step):
      rows = draw(jax.random.fold_in(batch_key, step))
      return jax.value_and_grad(_mean_loss)(
          params, pool.features(rows), pool.labels[rows]
      )

    params, _ = descent.descend(
        value_and_grad,
        _init(init_key, pool.num_classes, pool.novel.shape[-1]),
        iterations=iterations,
        learning_rate=learning_rate,
        momentum=momentum,
        dampening=dampening,
        weight_decay=weight_decay,
    )
    return params

  def fit_fully(key, base, support):
    del key  # a convex problem, from zero
    pool = balancing.pool(base, support)
    return convergence.minimise(
        pool,
        balancing.weights(balance, pool, batch_size),
        weight_decay=weight_decay,
        tolerance=tolerance,
        max_iterations=iterations,
    )

  fit = {'sgd': fit_by_sgd, 'full': fit_fully}[solver]
  return types.Learner(fit, predict)


def fit_classifier(
    features: jax.Array,
    labels: jax.Array,
    *,
    num_classes: int,
    weight_decay: jax.Array | float = 1e-4,
    tolerance: float = 1e-4,
    max_iterations: int = 1000,
) -> jax.Array:
  """A bias-free linear classifier of base features, fitted until it rests.

  It stands in for the representation's own where only features are known: all
  examples count alike, as in representation learning.

  Args:
    features: `[M, D]`.
    labels: `[M]` int in 0 .. num_classes - 1.
    num_classes: C.
    weight_decay: as in representation learning.
    tolerance: nats still to gain at which it stops.
    max_iterations: of L-BFGS.

  Returns:
    W, `[C, D]`.
  """
  size = features.shape[-1]
  pool = balancing.Pool(
      features, jnp.zeros((0, size)), labels, num_classes, num_classes
  )
  return convergence.minimise(
      pool,
      jnp.full(labels.shape, 1 / labels.shape[0]),
      weight_decay=weight_decay,
      tolerance=tolerance,
      max_iterations=max_iterations,
      use_bias=False,
  )['templates']


def predict(classifier: types.Classifier, features: jax.Array) -> jax.Array:
  """Scores of a linear classifier.

  Args:
    classifier: `{'templates': [C, D], 'bias': [C]}`.
    features: `[..., D]`.

  Returns:
    Logits, `[..., C]`.
  """
  scores = features.astype(jnp.float32) @ classifier['templates'].T
  bias = classifier['bias'].reshape((1,) * (scores.ndim - 1) + (-1,))
  return scores + bias


def _mean_loss(params, features, labels):
  return jnp.mean(softmax.cross_entropy(predict(params, features), labels))


def _init(key, num_classes, size):
  shapes = {'templates': (num_classes, size), 'bias': (num_classes,)}
  bound = size**-0.5
  return {
      name: jax.random.uniform(each, shape, minval=-bound, maxval=bound)
      for each, (name, shape) in zip(
          jax.random.split(key), shapes.items(), strict=True
      )
  }


def _check(what, value, valid):
  if value not in valid:
    raise ValueError(
        f'unknown {what} {value!r}; valid ones: ' + ', '.join(valid)
    )
