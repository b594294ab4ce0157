"""Training of the generator on mined analogies.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 4.1.
"""

import functools
from typing import Any

import chex
import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.losses import softmax
from lsl_jax.lowshot import descent
from lsl_jax.models import hallucinator


def generator_loss(
    generated: jax.Array,
    targets: jax.Array,
    labels: jax.Array,
    classifier_weights: jax.Array,
    *,
    weight: jax.Array | float = 10.0,
) -> jax.Array:
  r"""How far a completed analogy is from its target, and from its class.

  .. math:: L_{cls}(W, \hat c^a_2, a)
      + \lambda \frac1D \lVert \hat c^a_2 - c^a_2 \rVert^2

  Args:
    generated: :math:`\hat c^a_2`, `[B, D]`.
    targets: :math:`c^a_2`, `[B, D]`.
    labels: class a, `[B]` int.
    classifier_weights: :math:`W`, the representation's frozen classifier
      without bias, `[C, D]`.
    weight: :math:`\lambda`; the paper gives none, ten is that of its code.

  Returns:
    The loss of each example, `[B]`.

  >>> zeros = jnp.zeros((1, 2))  # two classes alike: log 2 + 10 * (1 + 9) / 2
  >>> generator_loss(zeros, jnp.array([[1.0, 3.0]]), jnp.array([0]),
  ...                jnp.zeros((2, 2))).round(3)
  Array([50.693], dtype=float32)
  """
  chex.assert_equal_shape([generated, targets])
  chex.assert_rank([generated, classifier_weights], 2)
  chex.assert_equal_shape_suffix([generated, classifier_weights], 1)
  errors = jnp.mean(jnp.square(generated - targets), axis=-1)
  logits = generated @ classifier_weights.T
  return softmax.cross_entropy(logits, labels) + weight * errors


@functools.partial(
    jax.jit,
    static_argnames=('iterations', 'batch_size', 'decay_every', 'generator'),
)
def train_generator(
    key: types.Key,
    quadruples: jax.Array,
    centroids: jax.Array,
    classifier_weights: jax.Array,
    *,
    weight: jax.Array | float = 10.0,
    iterations: int = 120_000,
    batch_size: int = 128,
    learning_rate: jax.Array | float = 0.1,
    decay_every: int = 40_000,
    momentum: jax.Array | float = 0.9,
    dampening: jax.Array | float = 0.9,
    weight_decay: jax.Array | float = 1e-4,
    generator: hallucinator.Hallucinator | None = None,
) -> tuple[Any, jax.Array]:
  """Trains G to complete analogies: from (a1, b1, b2) to a2.

  One scan over mini-batches of quadruples, which are permuted once and then
  cycled in that order. Defaults are those of the authors' code for a baseline
  representation; for SGM features it takes a learning rate of one.

  Args:
    key: of the initial weights and the order.
    quadruples: analogies (a1, a2, b1, b2), `[A, 4]` int, flat indices of
      centroids: class x K + cluster.
    centroids: of the base classes, `[C, K, D]`.
    classifier_weights: W, of at least C classes, the base classes first in the
      order of the centroids, `[C', D]`.
    weight: lambda, of the squared error, see `generator_loss`.
    iterations: steps.
    batch_size: quadruples a step.
    learning_rate: divided by ten every `decay_every` steps; may be traced.
    decay_every: steps.
    momentum: see `descent.descend`.
    dampening: see `descent.descend`.
    weight_decay: on all of G's parameters.
    generator: G, by default with 512 hidden units.

  Returns:
    G's parameters, and the loss of every step, `[iterations]`.

  Raises:
    ValueError: if there is no quadruple, or W has fewer than C classes.
  """
  chex.assert_rank([quadruples, centroids, classifier_weights], [2, 3, 2])
  chex.assert_axis_dimension(quadruples, 1, 4)
  chex.assert_type(quadruples, int)
  chex.assert_equal_shape_suffix([centroids, classifier_weights], 1)
  total = quadruples.shape[0]
  num_classes, num_clusters, size = centroids.shape
  if not total:
    raise ValueError('no quadruples; training a generator needs at least one')
  if classifier_weights.shape[0] < num_classes:
    raise ValueError(
        f'centroids of {num_classes} classes, but classifier weights of'
        f' {classifier_weights.shape[0]}; each class needs its row'
    )
  generator = generator or hallucinator.Hallucinator()
  centroids = centroids.reshape(-1, size).astype(jnp.float32)
  classifier_weights = classifier_weights.astype(jnp.float32)
  init_key, order_key = jax.random.split(key)
  order = jax.random.permutation(order_key, total)
  params = generator.init(init_key, *jnp.zeros((3, 1, size)))['params']

  def loss(params, step):
    positions = (step * batch_size + jnp.arange(batch_size)) % total
    a1, a2, b1, b2 = quadruples[order[positions]].T
    generated: Any = generator.apply(
        {'params': params}, centroids[a1], centroids[b1], centroids[b2]
    )
    losses = generator_loss(
        generated,
        centroids[a2],
        a1 // num_clusters,
        classifier_weights,
        weight=weight,
    )
    return jnp.mean(losses)

  return descent.descend(
      jax.value_and_grad(loss),
      params,
      iterations=iterations,
      learning_rate=descent.staircase(learning_rate, every=decay_every),
      momentum=momentum,
      dampening=dampening,
      weight_decay=weight_decay,
  )
