"""Margins around any scorer.

References:
  Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive
  margin loss. CVPR 2020.
"""

from typing import Any

import jax
import jax.numpy as jnp

from lsl_jax import losses, types
from lsl_jax.models import margin_spec
from lsl_jax.representation import scores as scores_lib


def with_margin(
    scorer: scores_lib.Scorer,
    margin: margin_spec.Margin,
    similarities: jax.Array | None = None,
    *,
    axis_name: str | None = None,
) -> types.Representation:
  r"""Trains a scorer by the cross-entropy with a margin.

  .. math:: \frac{1}{|Q|} \sum_{(x, y) \in Q} -\log \frac{\exp(z_y)}
      {\exp(z_y) + \sum_{k \ne y} \exp(z_k + m_{yk})}

  the mean over all queries of all tasks of a batch. Embedding and logits, as
  evaluation sees them, know no margin and none of its word vectors.

  Args:
    scorer: prototypes, AM3, matching networks, or a cosine classifier.
    margin: which one, and its remedy.
    similarities: of the base classes, `[C, C]`, for learned margins.
    axis_name: mapped axis over which the batch is divided (pmap), or None.

  Returns:
    A representation with the metrics `loss`, `cross_entropy` (without margin)
    and `accuracy`; with a generator also `margin`, the mean, and
    `margin_slope`, by how much margins rise with similarity. The generator's
    variables are the entry `margins`.

  Raises:
    ValueError: a learned margin without similarities, or an angular margin
      around scores that are no cosines.

  References:
    Li et al. 2020, eqs. 1, 2, 4, 6 and algorithm 1.
  """
  if margin.name in margin_spec.ANGULAR and not scorer.cosine:
    raise ValueError(
        f'the margin {margin.name!r} is one of angles: it needs the metric'
        " 'cosine', or a cosine classifier with one scale"
    )
  if not margin.learned:
    return _without_generator(scorer, margin)
  if similarities is None:
    raise ValueError(
        f'the margin {margin.name!r} needs similarities of the base classes'
    )
  return _with_generator(scorer, margin, similarities, axis_name)


def _without_generator(scorer, margin) -> types.Representation:
  def loss(params, model_state, batch, key):
    scored, new_state = scorer.score(params, model_state, batch, key)
    value = jnp.mean(
        losses.constant_margin(
            margin.name,
            scored.scores,
            scored.labels,
            scale=scores_lib.aligned(scored.scale, 3),
            value=margin.value,
        )
    )
    return value, (new_state, {'loss': value, **_metrics(scored)})

  return types.Representation(scorer.init, loss, scorer.embed, scorer.logits)


def _with_generator(
    scorer, margin, similarities, axis_name
) -> types.Representation:
  def init(key, images):
    generator: Any = margin.generator(axis_name)
    blank = jnp.zeros((1, scorer.way, scorer.way))
    own = generator.init(jax.random.fold_in(key, 2), blank, train=False)
    return scores_lib.join(scorer.init(key, images), scores_lib.MARGINS, own)

  def loss(params, model_state, batch, key):
    scored, new_state = scorer.score(params, model_state, batch, key)
    classes = scored.classes
    found = similarities[classes[:, :, None], classes[:, None, :]]
    margins, own_state = margin_spec.generate(
        margin,
        scores_lib.part({'params': params, **model_state}, scores_lib.MARGINS),
        found,
        axis_name=axis_name,
    )
    new_state = scores_lib.join(new_state, scores_lib.MARGINS, own_state)
    if margin.remedy == 'meta':

      def logits_of(params):
        scored, _ = scorer.score(params, model_state, batch, key)
        return scored.logits, scored.labels

      value = losses.lookahead_loss(
          scored.logits,
          scored.labels,
          margins,
          logits_of,
          params,
          axis_name=axis_name,
      )
    else:
      pairs = losses.pair_losses(scored.logits, scored.labels, margins)
      value = jnp.mean(pairs)
    metrics = {
        'loss': value,
        **_metrics(scored),
        'margin': jnp.mean(margin_spec.mean_margin(margins)),
        'margin_slope': margin_spec.margin_slope(margins, found),
    }
    return value, (new_state, metrics)

  return types.Representation(init, loss, scorer.embed, scorer.logits)


def _metrics(scored: scores_lib.Scored) -> dict[str, jax.Array]:
  tasks, way = scored.classes.shape
  free = losses.pair_losses(
      scored.logits, scored.labels, jnp.zeros((tasks, way, way))
  )
  right = jnp.argmax(scored.logits, axis=-1) == scored.labels
  return {'cross_entropy': jnp.mean(free), 'accuracy': jnp.mean(right)}
