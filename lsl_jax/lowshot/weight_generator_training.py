"""Training of Dynamic FSL's second stage, on stored base features.

References:
  Gidaris, Komodakis. Dynamic few-shot visual learning without forgetting. CVPR
  2018 (recipe as in the authors' code).
  Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive
  margin loss. CVPR 2020, section 4.2.1 (its loss replaced by a margin loss).
"""

import functools
from typing import Any

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax

from lsl_jax import losses, types
from lsl_jax.lowshot import class_rows, generator_stage, weight_generation
from lsl_jax.models import margin_spec


def train_weight_generator(
    key: types.Key,
    features: jax.Array,
    labels: jax.Array,
    templates: jax.Array,
    scale: jax.Array | float,
    *,
    stage: generator_stage.Stage,
    margin: margin_spec.Margin | None = None,
    similarities: jax.Array | None = None,
) -> tuple[Any, dict[str, jax.Array]]:
  """Trains generator, base weights and scale, as one scan over episodes.

  In each episode some base classes play novel ones: their weights come from the
  generator, and queries of these and of the other classes are told apart in one
  softmax over all. The features stay as they are.

  Args:
    key: of the start, the episodes and the dropout.
    features: stored base examples, `[M, D]`, or `[M, A, D]` with A views each,
      of which every use takes one at random.
    labels: `[M]` int in 0 .. C - 1.
    templates: weights of the first stage, `[C, D]`.
    scale: of the first stage.
    stage: the recipe.
    margin: added between all classes; none by default.
    similarities: of the base classes, `[C, C]`, for learned margins.

  Returns:
    Parameters for `generate_weights`, and every step's `loss` and `accuracy`,
    with a learned margin `margin` and `margin_slope` too, `[steps]` each.

  Raises:
    ValueError: too few classes or examples for the episodes, or a margin that
      lacks similarities.
  """
  margin = margin or margin_spec.Margin()
  if features.ndim == 2:
    features = features[:, None]
  chex.assert_rank([features, labels, templates], [3, 1, 2])
  generator_stage.check(np.asarray(labels), len(templates), stage)
  if margin.learned and similarities is None:
    raise ValueError(
        f'the margin {margin.name!r} needs similarities of the base classes'
    )
  return _train(
      key,
      jnp.asarray(features),
      jnp.asarray(labels),
      jnp.asarray(templates),
      jnp.asarray(scale, jnp.float32),
      None if similarities is None else jnp.asarray(similarities),
      stage=stage,
      margin=margin,
      largest=int(np.bincount(np.asarray(labels)).max()),
  )


@functools.partial(jax.jit, static_argnames=('stage', 'margin', 'largest'))
def _train(
    key,
    features,
    labels,
    templates,
    scale,
    similarities,
    *,
    stage,
    margin,
    largest,
):
  rows = class_rows.class_rows(labels, len(templates))
  generator = stage.generator
  init_key, margin_key, step_key = jax.random.split(key, 3)
  size = features.shape[-1]
  variables: Any = generator.init(
      init_key, jnp.zeros((1, size)), jnp.zeros(1, jnp.int32), 1, templates
  )
  params = {
      'templates': templates,
      'scale': scale,
      'generator': variables['params'],
  }
  state: Any = {}
  if margin.learned:
    own: Any = margin.generator().init(
        margin_key, similarities[None], train=False
    )
    params['margins'] = own['params']
    state = {k: v for k, v in own.items() if k != 'params'}
  optimizer = optax.chain(
      optax.add_decayed_weights(
          stage.weight_decay,
          {name: name != 'margins' for name in params},
      ),
      optax.sgd(
          generator_stage.staircase(stage),
          momentum=stage.momentum,
          nesterov=True,
      ),
  )

  def logits_of(params, key):
    """Logits `[E, Q, C]` and labels of a step's episodes."""

    def one(key):
      support, classes, queries, query_labels = _episode(
          key, features, rows, stage, largest
      )
      logits = weight_generation.fake_novel_logits(
          params, generator, support, classes, queries
      )
      return logits, query_labels

    return jax.vmap(one)(jax.random.split(key, stage.tasks))

  def loss(params, state, key):
    logits, wanted = logits_of(params, key)
    right = jnp.mean(jnp.argmax(logits, -1) == wanted)
    value, state, metrics = _with_margin(
        margin,
        params,
        state,
        similarities,
        logits,
        wanted,
        lambda p: logits_of(p, key),
    )
    metrics |= {'loss': value, 'accuracy': right}
    return value, (state, metrics)

  def step(carry, number):
    params, state, memory = carry
    (_, (state, metrics)), slopes = jax.value_and_grad(loss, has_aux=True)(
        params, state, jax.random.fold_in(step_key, number)
    )
    updates, memory = optimizer.update(slopes, memory, params)
    return (optax.apply_updates(params, updates), state, memory), metrics

  start = (params, state, optimizer.init(params))
  (params, _, _), metrics = jax.lax.scan(step, start, jnp.arange(stage.steps))
  return params, metrics


def _with_margin(
    margin, params, state, similarities, logits, wanted, logits_of
):
  """The loss, the state, and metrics."""
  if not margin.learned:
    scale = params['scale']
    value = losses.constant_margin(
        margin.name, logits / scale, wanted, scale=scale, value=margin.value
    )
    return jnp.mean(value), state, {}
  margins, state = margin_spec.generate(
      margin, {'params': params['margins'], **state}, similarities[None]
  )
  tasks, _, num_classes = logits.shape
  repeated = jnp.broadcast_to(margins, (tasks, num_classes, num_classes))
  if margin.remedy == 'meta':
    value = losses.lookahead_loss(logits, wanted, repeated, logits_of, params)
  else:
    value = jnp.mean(losses.pair_losses(logits, wanted, repeated))
  metrics = {
      'margin': jnp.mean(margin_spec.mean_margin(margins)),
      'margin_slope': margin_spec.margin_slope(margins, similarities[None]),
  }
  return value, state, metrics


def _episode(key, features, rows, stage, largest):
  """Support `[N, K, D]`, its classes `[N]`, queries `[Q, D]`, their classes."""
  class_key, row_key, base_key, use_key = jax.random.split(key, 4)
  num_classes = rows.counts.shape[0]
  order = jax.random.permutation(class_key, num_classes).astype(jnp.int32)
  classes, others = order[: stage.way], order[stage.way :]
  count = stage.shots + stage.novel_queries
  # Different rows of each class: the first ones in random order.
  priorities = jax.random.uniform(row_key, (stage.way, largest))
  exists = jnp.arange(largest)[None] < rows.counts[classes][:, None]
  places = jax.lax.top_k(jnp.where(exists, priorities, -1.0), count)[1]
  drawn = rows.order[rows.starts[classes][:, None] + places]
  which_key, where_key = jax.random.split(base_key)
  base = jax.random.choice(which_key, others, (stage.base_queries,))
  base_rows = class_rows.uniform_rows(where_key, rows, base)
  queries = jnp.concatenate([drawn[:, stage.shots :].reshape(-1), base_rows])
  query_labels = jnp.concatenate(
      [jnp.repeat(classes, stage.novel_queries), base]
  )
  used = jnp.concatenate([drawn[:, : stage.shots].reshape(-1), queries])
  view_key, drop_key = jax.random.split(use_key)
  views = jax.random.randint(view_key, used.shape, 0, features.shape[1])
  found = features[used, views].astype(jnp.float32)
  if stage.dropout:
    kept = jax.random.bernoulli(drop_key, 1 - stage.dropout, found.shape)
    found = jnp.where(kept, found / (1 - stage.dropout), 0)
  examples = stage.way * stage.shots
  support = found[:examples].reshape(stage.way, stage.shots, -1)
  return support, classes, found[examples:], query_labels
