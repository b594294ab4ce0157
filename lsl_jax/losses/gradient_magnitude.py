"""Squared gradient magnitude: features on which a classifier is at rest.

A classifier trained on all data should also minimise the loss of a tiny set,
so the gradient of that loss with respect to the classifier is made small.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017.
"""

import chex
import jax
from jax import lax
import jax.numpy as jnp


def sgm(features: jax.Array, logits: jax.Array, labels: jax.Array) -> jax.Array:
  r"""Squared norm of the gradient that one example sends to the classifier.

  .. math:: \Big\lVert \nabla_W \big({-\log p_y}\big) \Big\rVert_F^2
      = \sum_k (p_k - \delta_{yk})^2 \, \lVert \phi(x) \rVert^2

  This holds for logits :math:`W \phi(x)` without a bias, and takes no
  differentiation. The first factor lies between 0 and 2. Nothing is held
  constant: features, and through the logits the classifier, are both pulled.

  Args:
    features: :math:`\phi(x)`, what enters the classifier, `[B, D]`.
    logits: of the bias-free linear classifier, `[B, C]`.
    labels: :math:`y`, `[B]` int, in 0 .. C - 1.

  Returns:
    The penalty of each example, `[B]`, in squared feature units.

  References:
    Hariharan, Girshick 2017, eqs. 8-9; eq. 10 is the mean over examples.

  >>> features, logits = jnp.array([[3.0, 4.0]]), jnp.zeros((1, 2))
  >>> sgm(features, logits, jnp.array([1]))  # (1/4 + 1/4) 25
  Array([12.5], dtype=float32)
  """
  _check(features, logits, labels)
  residuals = _residuals(logits, labels)
  return jnp.sum(jnp.square(residuals), -1) * jnp.sum(jnp.square(features), -1)


def batch_sgm(
    features: jax.Array,
    logits: jax.Array,
    labels: jax.Array,
    *,
    axis_name: str | None = None,
) -> jax.Array:
  r"""Squared norm of the gradient that a mini-batch sends to the classifier.

  .. math:: \Big\lVert \nabla_W \frac{1}{B} \sum_b -\log p_{y_b} \Big\rVert_F^2
      = \Big\lVert \frac{1}{B} R^\top \Phi \Big\rVert_F^2
      = \frac{1}{B^2} \sum_{b b'} (R R^\top)_{b b'} (\Phi \Phi^\top)_{b b'}

  with one row :math:`p - \delta_y` of :math:`R` and one row :math:`\phi(x)` of
  :math:`\Phi` an example, for logits without a bias. The last form, in which
  no `[C, D]` matrix appears, is taken where it needs less arithmetic, which is
  where that matrix is larger than :math:`R` and :math:`\Phi` together.

  The penalty does not split into parts of the batch. With an axis name it is
  that of the global batch on every device, and its gradients, *averaged* over
  the axis, are those of one device (under `pmap`, or `shard_map` with
  `check_vma=False`). Under `jit` a divided batch is global as it is.

  Args:
    features: :math:`\phi(x)`, what enters the classifier, `[B, D]`.
    logits: of the bias-free linear classifier, `[B, C]`.
    labels: :math:`y`, `[B]` int, in 0 .. C - 1.
    axis_name: mapped axis over which the batch is divided, or None.

  Returns:
    The penalty of the global batch, a scalar, in squared feature units.

  References:
    Hariharan, Girshick 2017, eqs. 5-7 and section 5.1 (batch SGM).

  >>> features, logits = jnp.array([[2.0], [1.0]]), jnp.zeros((2, 2))
  >>> batch_sgm(features, logits, jnp.array([0, 1]))  # 2 (-1/4 2 + 1/4 1)^2
  Array(0.125, dtype=float32)
  """
  _check(features, logits, labels)
  residuals = _residuals(logits, labels)
  num_devices = 1 if axis_name is None else lax.axis_size(axis_name)
  batch_size = num_devices * len(labels)
  num_classes, size = logits.shape[-1], features.shape[-1]
  if batch_size * (num_classes + size) < num_classes * size:
    total = _by_pairs(residuals, features, axis_name)
  else:
    total = _by_weights(residuals, features, axis_name)
  return total / batch_size**2


def _by_weights(
    residuals: jax.Array, features: jax.Array, axis_name: str | None
) -> jax.Array:
  """The squared norm of the sum of gradients, `[C, D]`."""
  # Full precision on every accelerator: gradients of examples cancel.
  gradient = jnp.matmul(residuals.T, features, precision=lax.Precision.HIGHEST)
  if axis_name is not None:
    # The sum's transpose sums over the n devices, which the step's mean of
    # gradients divides by n again.
    gradient = lax.psum(gradient, axis_name)
  return jnp.sum(jnp.square(gradient))


def _by_pairs(
    residuals: jax.Array, features: jax.Array, axis_name: str | None
) -> jax.Array:
  """The same from inner products of examples: this device's with all."""
  everyone = residuals, features
  if axis_name is not None:
    everyone = lax.all_gather(everyone, axis_name, tiled=True)
  inner = lambda left, right: jnp.matmul(
      left, right.T, precision=lax.Precision.HIGHEST
  )
  products = inner(residuals, everyone[0]) * inner(features, everyone[1])
  total = jnp.sum(products)
  return total if axis_name is None else lax.psum(total, axis_name)


def _residuals(logits: jax.Array, labels: jax.Array) -> jax.Array:
  """Probabilities less the indicator of the class, `[B, C]`."""
  indicators = jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
  return jax.nn.softmax(logits) - indicators


def _check(features: jax.Array, logits: jax.Array, labels: jax.Array) -> None:
  chex.assert_rank([features, logits, labels], [2, 2, 1])
  chex.assert_equal_shape_prefix([features, logits, labels], 1)
