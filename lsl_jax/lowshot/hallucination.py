"""Hallucinated examples for classes that have few real ones.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 4.2.
"""

import functools
from typing import Any

import chex
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import types
from lsl_jax.lowshot import class_rows
from lsl_jax.models import hallucinator


def hallucinate(
    key: types.Key,
    params: Any,
    features: jax.Array,
    labels: jax.Array,
    centroids: jax.Array,
    *,
    num_classes: int,
    per_class: int,
    generator: hallucinator.Hallucinator | None = None,
) -> tuple[jax.Array, jax.Array]:
  r"""Generates k - n examples for each class that has n < k real ones.

  .. math:: G([\phi(x), c^a_1, c^a_2])

  with a seed x drawn with replacement from the class's real examples, a base
  class a drawn uniformly, and two of its centroids drawn independently (they
  may coincide).

  Under vmap or jit the result's shape cannot depend on labels: it is `N k - S`
  rows, which is right where no class has more than k examples (or none has
  fewer). Called with actual labels, any numbers of examples will do.

  Args:
    key: decides the triples.
    params: G's parameters.
    features: real examples, `[S, D]`.
    labels: `[S]` int in 0 .. num_classes - 1; every class has an example.
    centroids: of the base classes, `[C, K, D]`.
    num_classes: N.
    per_class: k, the least number of examples a class shall have.
    generator: G, by default with 512 hidden units.

  Returns:
    Generated features `[G, D]` and labels `[G]`, sorted by class.

  Raises:
    ValueError: if a class has no example to start from.
  """
  chex.assert_rank([features, labels, centroids], [2, 1, 3])
  chex.assert_equal_shape_prefix([features, labels], 1)
  chex.assert_equal_shape_suffix([features, centroids], 1)
  return _generate(
      key,
      params,
      features,
      labels,
      centroids,
      per_class=per_class,
      num_classes=num_classes,
      number=_number_missing(labels, num_classes, per_class),
      generator=generator or hallucinator.Hallucinator(),
  )


def with_hallucination(
    learner: types.Learner,
    params: Any,
    centroids: jax.Array,
    per_class: jax.Array | int,
    *,
    at_most: int | None = None,
    generator: hallucinator.Hallucinator | None = None,
) -> types.Learner:
  """Lets a learner see k examples of each novel class, generated if not real.

  Generated examples come after the real ones, and are made once, before the
  learner is fitted.

  Args:
    learner: fitted on the extended support.
    params: G's parameters.
    centroids: of the base classes, `[C, K, D]`.
    per_class: k; the authors take 20 for a baseline representation and 5 for
      SGM features. May be traced, so that several are tried in one program, for
      learners that pass over labels of N; needs `at_most` then.
    at_most: the largest k that may occur; static. By default `per_class`.
    generator: as in `hallucinate`.

  Returns:
    The learner without a sweep. Its support features are `[S, D]`.
  """
  largest: Any = per_class if at_most is None else at_most

  def fit(key, base, support):
    generator_key, learner_key = jax.random.split(key)
    features, labels = hallucinate(
        generator_key,
        params,
        support.features,
        support.labels,
        centroids,
        num_classes=support.num_classes,
        per_class=largest,
        generator=generator,
    )
    if at_most is not None:
      labels = _hide_surplus(labels, support, per_class)
    extended = support.replace(
        features=jnp.concatenate([support.features, features]),
        labels=jnp.concatenate([support.labels, labels]),
    )
    return learner.fit(learner_key, base, extended)

  return types.Learner(fit, learner.predict)


def _hide_surplus(
    labels: jax.Array, support: types.Support, per_class: jax.Array | int
) -> jax.Array:
  """Gives generated examples beyond a class's k the label N, of no class."""
  number = support.num_classes
  real = jax.ops.segment_sum(
      jnp.ones_like(support.labels), support.labels, number
  )
  generated = jax.ops.segment_sum(jnp.ones_like(labels), labels, number)
  first = jnp.cumsum(generated) - generated  # they are sorted by class
  place = jnp.arange(len(labels)) - first[labels]
  return jnp.where(place < per_class - real[labels], labels, number)


@functools.partial(
    jax.jit,
    static_argnames=('per_class', 'num_classes', 'number', 'generator'),
)
def _generate(
    key,
    params,
    features,
    labels,
    centroids,
    *,
    per_class,
    num_classes,
    number,
    generator,
):
  """Generates a given number of rows, as many of each class as are missing."""
  rows = class_rows.class_rows(labels, num_classes)
  missing = jnp.maximum(per_class - rows.counts, 0)
  classes = jnp.repeat(
      jnp.arange(num_classes, dtype=labels.dtype),
      missing,
      total_repeat_length=number,
  )
  seed_key, base_key, cluster_key = jax.random.split(key, 3)
  seeds = class_rows.uniform_rows(seed_key, rows, classes)
  base = jax.random.randint(base_key, (number,), 0, centroids.shape[0])
  start, end = jax.random.randint(
      cluster_key, (2, number), 0, centroids.shape[1]
  )
  generated = generator.apply(
      {'params': params},
      features[seeds].astype(jnp.float32),
      centroids[base, start].astype(jnp.float32),
      centroids[base, end].astype(jnp.float32),
  )
  return generated.astype(features.dtype), classes


def _number_missing(labels, num_classes, per_class):
  """How many rows to generate for all classes together."""
  if isinstance(labels, jax.core.Tracer):
    return max(num_classes * per_class - labels.shape[0], 0)
  counts = np.bincount(np.asarray(labels), minlength=num_classes)
  if not counts.all():
    raise ValueError(
        f'novel class {int(np.argmin(counts))} has no example to hallucinate'
        ' from; every class needs at least one'
    )
  return int(np.maximum(per_class - counts, 0).sum())
