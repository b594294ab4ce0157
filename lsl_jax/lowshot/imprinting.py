"""Weight imprinting: a class's template is the unit mean of its unit features.

References:
  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018.
"""

import chex
import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.ops import nested, prototypes, similarity


def imprint(*, scale: jax.Array | float = 10.0) -> types.Learner:
  r"""Imprints templates: normalise, average, normalise again.

  .. math:: \tilde w_+ = \frac1n \sum_i \phi(x_+^{(i)}), \qquad
      w_+ = \frac{\tilde w_+}{\lVert \tilde w_+ \rVert}

  with :math:`\lVert\phi\rVert = 1`, as section 4.2 of the paper has it. Of
  support features with views, `[S, A, D]`, all views of all examples of a class
  are averaged alike (Imprinting + Aug). Base templates are only scaled to unit
  length. A classifier is its templates, `[C + N, D]`, base classes first.

  Args:
    scale: the trained network's factor :math:`s` on cosines: a scalar, or
      `[C]`, one a base class, of which novel classes take the mean.

  Returns:
    A learner that ignores its key; its sweep takes a pool `[M, D]` or
    `[M, A, D]`. Fit and sweep raise ValueError where there is not one scale a
    base class.
  """

  def fit(key, base, support):
    del key
    check_scale(scale, base)
    means = prototypes.class_means(
        unit_examples(support.features), support.labels, support.num_classes
    )
    return jnp.concatenate(
        [similarity.unit(base.templates), similarity.unit(means)]
    )

  def predict(templates, features):
    num_classes = templates.shape[0]
    return similarity.cosine_logits(
        features, templates, extend_scale(scale, num_classes)
    )

  def sweep(base, pool, draws, shots):
    check_scale(scale, base)
    examples = unit_examples(pool)
    templates = similarity.unit(base.templates)
    base_scale = extend_scale(scale, base.num_classes).reshape(-1, 1)
    novel_scale = jnp.mean(jnp.asarray(scale))

    def factors(draws):
      # |unit(mean)| = 1, so a template's products are those of the sum divided
      # by its length: no template meets a query.
      sums = nested.nested_reduce(examples, draws[None], shots)
      squared = [
          jnp.sum(jnp.square(total[0] / n), axis=-1)
          for total, n in zip(sums, shots, strict=True)
      ]
      lengths = jnp.sqrt(jnp.maximum(jnp.stack(squared), 1e-12))
      return novel_scale / (lengths * jnp.array(shots)[:, None])

    def score(queries):
      chex.assert_rank(queries, 2)
      queries = similarity.unit(queries).T
      products = examples @ queries

      def novel(fitted):
        draws, factors = fitted
        sums = nested.nested_reduce(products, draws, shots)
        return tuple(s * factors[:, i, :, None] for i, s in enumerate(sums))

      return base_scale * (templates @ queries), novel

    return (draws, jax.lax.map(factors, draws)), score

  return types.Learner(fit, predict, sweep)


def unit_examples(features: jax.Array) -> jax.Array:
  """One vector an example: its unit feature, or the mean of its unit views.

  Args:
    features: `[S, D]`, or `[S, A, D]` with A augmented views an example.

  Returns:
    `[S, D]`; of length one where there is one view, at most one otherwise.
  """
  chex.assert_rank(features, {2, 3})
  features = similarity.unit(features)
  return features if features.ndim == 2 else jnp.mean(features, axis=1)


def check_scale(scale: jax.Array | float, base: types.Base) -> None:
  """Refuses scales, one a class, of other classes than the base classes.

  Args:
    scale: a scalar, or `[C]`, one a base class.
    base: of C classes.

  Raises:
    ValueError: if it is neither.
  """
  shape = jnp.shape(scale)
  if shape not in ((), (base.num_classes,)):
    raise ValueError(
        f'a scale of shape {shape} for {base.num_classes} base classes; give a'
        ' scalar, or one scale a base class'
    )


def extend_scale(scale: jax.Array | float, num_classes: int) -> jax.Array:
  """The scale of an extended classifier: new classes get the mean of the old.

  Args:
    scale: a scalar, or `[C]`, one a class.
    num_classes: of the extended classifier, C + N.

  Returns:
    The scalar as it is, or `[C + N]`.
  """
  scale = jnp.asarray(scale)
  chex.assert_rank(scale, {0, 1})
  if scale.ndim == 0:
    return scale
  added = num_classes - scale.shape[0]
  return jnp.concatenate([scale, jnp.full(added, jnp.mean(scale))])
