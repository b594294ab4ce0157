"""Training of a model regression network on classifiers of base classes.

References:
  Wang, Hebert. Learning to learn: model regression networks for easy small
  sample learning. ECCV 2016, section 3.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.lowshot import class_rows, descent, one_vs_all
from lsl_jax.models import regressor as regressors


class Pairs(NamedTuple):
  """Classifiers of the same base classes from few and from all examples.

  Attributes:
    small: `[P, D + 1]`, of few.
    large: `[P, D + 1]`, of all.
    classes: `[P]` int, which class each pair is about.
  """

  small: jax.Array
  large: jax.Array
  classes: jax.Array


@functools.partial(
    jax.jit,
    static_argnames=(
        'num_classes',
        'shots',
        'repeats',
        'iterations',
        'batch_size',
    ),
)
def classifier_pairs(
    key: types.Key,
    features: jax.Array,
    labels: jax.Array,
    *,
    num_classes: int,
    shots: tuple[int, ...] = (1, 2, 5, 10, 20),
    repeats: int = 5,
    iterations: int = 1000,
    batch_size: int = 1000,
    learning_rate: jax.Array | float = 0.1,
    weight_decay: jax.Array | float = 1e-3,
) -> Pairs:
  """Plays low-shot learning with half of the base classes, again and again.

  In each repeat and for each number of shots, a random half of the classes
  keeps n random examples; the classifiers of that half are the small ones.
  The large ones see everything.

  Args:
    key: of the halves, examples and batches.
    features: stored base examples, `[M, D]`.
    labels: `[M]` int in 0 .. num_classes - 1.
    num_classes: C, two or more.
    shots: numbers of examples, n.
    repeats: how often for each.
    iterations: of each fit.
    batch_size: likewise.
    learning_rate: likewise.
    weight_decay: likewise.

  Returns:
    `len(shots) * repeats * (C // 2)` pairs.
  """
  rows = class_rows.class_rows(labels, num_classes)
  targets = jnp.zeros((num_classes, features.shape[-1] + 1))
  half = num_classes // 2

  def fit(key, few, limit):
    """`few [C]` says which classes keep the first `limit [C, n]` rows alone."""
    fit_key, row_key = jax.random.split(key)
    kept, _ = class_rows.distinct_rows(row_key, rows, max(shots))

    def draw(key):
      class_key, all_key, few_key = jax.random.split(key, 3)
      classes = jax.random.randint(class_key, (batch_size,), 0, num_classes)
      any_row = class_rows.uniform_rows(all_key, rows, classes)
      # A class may have fewer examples than n.
      most = jnp.minimum(limit, rows.counts[classes])
      place = jax.random.randint(few_key, (batch_size,), 0, most)
      chosen = jnp.where(few[classes], kept[classes, place], any_row)
      return features[chosen], classes

    return one_vs_all.descend(
        fit_key,
        draw,
        targets,
        iterations=iterations,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
    )

  def play(key, limit):
    half_key, key = jax.random.split(key)
    novel = jax.random.permutation(half_key, num_classes)[:half]
    few = jnp.zeros(num_classes, bool).at[novel].set(True)
    return fit(key, few, limit)[novel], novel

  large_key, *keys = jax.random.split(key, 1 + len(shots) * repeats)
  large = fit(large_key, jnp.zeros(num_classes, bool), 1)
  small, classes = jax.vmap(play)(
      jnp.stack(keys), jnp.tile(jnp.array(shots), repeats)
  )
  classes = classes.reshape(-1)
  return Pairs(small.reshape(len(classes), -1), large[classes], classes)


@functools.partial(
    jax.jit,
    static_argnames=('num_classes', 'iterations', 'batch_size', 'regressor'),
)
def train_regressor(
    key: types.Key,
    pairs: Pairs,
    features: jax.Array,
    labels: jax.Array,
    *,
    num_classes: int,
    weight: jax.Array | float = 1.0,
    iterations: int = 10_000,
    batch_size: int = 64,
    learning_rate: jax.Array | float = 0.01,
    regressor: regressors.Regressor | None = None,
) -> tuple[Any, jax.Array]:
  r"""Trains T to turn classifiers of few examples into those of many.

  .. math:: \frac12 \lVert T(w_0) - w^* \rVert^2 + \lambda
      \operatorname{mean}_i \max(0, 1 - s_i T(w_0)^\top \tilde x_i)

  over a pair's class: half of the examples x are of it, half are not.

  Args:
    key: of the initial weights and the batches.
    pairs: of classifiers.
    features: stored base examples, `[M, D]`.
    labels: `[M]` int in 0 .. num_classes - 1.
    num_classes: C.
    weight: :math:`\lambda`; its value in the paper is not known here.
    iterations: steps of SGD with momentum 0.9.
    batch_size: pairs a step, each with 16 examples.
    learning_rate: divided by ten after half of the steps.
    regressor: T, by default four layers.

  Returns:
    T's parameters, and the loss of every step.
  """
  regressor = regressor or regressors.Regressor()
  rows = class_rows.class_rows(labels, num_classes)
  init_key, batch_key = jax.random.split(key)
  params = regressor.init(init_key, pairs.small[:1])['params']
  total, examples = pairs.classes.shape[0], 16

  def loss(params, step):
    which_key, own_key, other_key = jax.random.split(
        jax.random.fold_in(batch_key, step), 3
    )
    which = jax.random.randint(which_key, (batch_size,), 0, total)
    regressed: Any = regressor.apply({'params': params}, pairs.small[which])
    classes = pairs.classes[which]
    own = class_rows.uniform_rows(
        own_key, rows, jnp.repeat(classes[:, None], examples // 2, 1)
    )
    other = jax.random.randint(
        other_key, (batch_size, examples // 2), 0, labels.shape[0]
    )
    chosen = jnp.concatenate([own, other], 1)
    signs = jnp.where(labels[chosen] == classes[:, None], 1.0, -1.0)
    scores = jnp.einsum(
        'bed,bd->be', one_vs_all.append_one(features[chosen]), regressed
    )
    hinge = jnp.mean(jnp.maximum(1 - signs * scores, 0), 1)
    apart = jnp.sum(jnp.square(regressed - pairs.large[which]), -1)
    return jnp.mean(0.5 * apart + weight * hinge)

  return descent.descend(
      jax.value_and_grad(loss),
      params,
      iterations=iterations,
      learning_rate=descent.staircase(
          learning_rate, every=max(1, -(-iterations // 2))
      ),
  )
