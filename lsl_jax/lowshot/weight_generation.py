"""Dynamic FSL: novel weights generated from examples and base weights.

References:
  Gidaris, Komodakis. Dynamic few-shot visual learning without forgetting. CVPR
  2018.
"""

from typing import Any

import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.models import weight_generator as generator_lib
from lsl_jax.ops import similarity


def generate_weights(
    params: Any,
    generator: generator_lib.WeightGenerator,
    classes: Any = None,
) -> types.Learner:
  r"""Cosine classifier of base weights and generated ones.

  .. math:: z_c = s \cos(\phi(x), w_c)

  Base weights are those of the second stage, which trains them on; the
  generator attends to all of them, also where base classes take no part in the
  task.

  Args:
    params: `templates` [C, D], `scale` and `generator`, as
      `train_weight_generator` gives them.
    generator: as it was trained.
    classes: which base classes there are, `[C']`; all if None. On ImageNet's
      low-shot benchmark only half of them are in the label space, and the
      authors attend to these alone.

  Returns:
    A learner that ignores its key; a classifier is its weights `[C + N, D]`.
    Fit raises ValueError for another number of base classes.

  References:
    Gidaris and Komodakis 2018, section 3.
  """
  templates = jnp.asarray(params['templates'])
  own = dict(params['generator'])
  if classes is not None:
    templates = templates[jnp.asarray(classes)]
    if 'keys' in own:
      own['keys'] = jnp.asarray(own['keys'])[jnp.asarray(classes)]

  def fit(key, base, support):
    del key
    if base.num_classes not in (0, len(templates)):
      raise ValueError(
          f'the weight generator knows {len(templates)} base classes, the task'
          f' has {base.num_classes}'
      )
    novel: Any = generator.apply(
        {'params': own},
        support.features,
        support.labels,
        support.num_classes,
        templates,
    )
    return jnp.concatenate([templates, novel]) if base.num_classes else novel

  def predict(weights, features):
    return similarity.cosine_logits(features, weights, params['scale'])

  return types.Learner(fit, predict)


def fake_novel_logits(
    params: Any,
    generator: generator_lib.WeightGenerator,
    support: jax.Array,
    classes: jax.Array,
    queries: jax.Array,
) -> jax.Array:
  """Logits of an episode in which some base classes play novel ones.

  Their weights are generated from the support; those of the others are the
  templates. One softmax runs over all base classes, each in its own place.

  Args:
    params: see `generate_weights`.
    generator: being trained.
    support: features of K examples of each such class, `[N, K, D]`.
    classes: which classes they are, `[N]` int32, all different.
    queries: features, `[M, D]`.

  Returns:
    `[M, C]`.

  References:
    Gidaris and Komodakis 2018, section 3.2 (training procedure, stage 2).
  """
  way, shots, size = support.shape
  templates = params['templates']
  known = jnp.ones(len(templates), bool).at[classes].set(False)
  novel: Any = generator.apply(
      {'params': params['generator']},
      support.reshape(way * shots, size),
      jnp.repeat(jnp.arange(way), shots),
      way,
      templates,
      known,
  )
  weights = templates.at[classes].set(novel)
  return similarity.cosine_logits(queries, weights, params['scale'])
