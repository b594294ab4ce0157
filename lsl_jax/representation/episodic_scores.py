"""Scorers that learn from episodes: prototypes, AM3, matching networks.

References:
  Snell, Swersky, Zemel. Prototypical networks for few-shot learning. NeurIPS
  2017.
  Xing, Rostamzadeh, Oreshkin, Pinheiro. Adaptive cross-modal few-shot learning.
  NeurIPS 2019.
  Vinyals et al. Matching networks for one shot learning. NeurIPS 2016.
"""

from typing import Any

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax.models import cross_modal
from lsl_jax.ops import attention, episodes, metric_scores
from lsl_jax.representation import scores as scores_lib


def prototypical(
    network: nn.Module,
    shape: episodes.EpisodeShape,
    *,
    metric: str = 'squared_euclidean',
    scale: float = 1.0,
    learn_scale: bool = False,
) -> scores_lib.Scorer:
  r"""Prototypical networks: a class is the mean of its support.

  .. math:: z_k = s\, D(f(x), r_k), \qquad r_k = \frac1K \sum_i f(x_k^{(i)})

  All tasks of a batch are embedded together, and compared in one program.

  Args:
    network: see `scores.classifier_scores`; its classifier is not trained.
    shape: of the episodes in a batch.
    metric: D, a name of `metric_scores.METRICS`. Snell et al. square the
      distance; AM3, and with it Li et al. 2020, does not.
    scale: :math:`s`, an inverse temperature; one in the papers.
    learn_scale: whether it is trained.

  Returns:
    The scorer.
  """
  compare = metric_scores.metric(metric)

  def score(params, model_state, batch, key):
    outputs, new_state = scores_lib.run(
        network, params, model_state, batch.images, key
    )
    split = episodes.split_episodes(outputs['embedding'], batch.labels, shape)
    prototypes = jnp.mean(split.support, axis=2)
    scored = scores_lib.Scored(
        scores=jax.vmap(compare)(split.queries, prototypes),
        scale=_scale(params, scale, learn_scale),
        labels=split.labels,
        classes=split.classes,
    )
    return scored, new_state

  return _scorer(network, shape, score, metric, scale, learn_scale)


def cross_modal_prototypes(
    network: nn.Module,
    shape: episodes.EpisodeShape,
    mixture: cross_modal.CrossModalMixture,
    semantics: jax.Array,
    *,
    metric: str = 'euclidean',
    scale: float = 1.0,
    learn_scale: bool = False,
) -> scores_lib.Scorer:
  """AM3 on prototypical networks: word vectors take part in the prototypes.

  Args:
    network: see `prototypical`.
    shape: likewise.
    mixture: of prototypes and word vectors; its variables are the entry `head`.
    semantics: a vector of each base class, `[C, V]`, by the batch's labels.
    metric: as in `prototypical`, but the authors' distance is not squared.
    scale: likewise.
    learn_scale: likewise.

  Returns:
    The scorer.
  """
  compare = metric_scores.metric(metric)

  def score(params, model_state, batch, key):
    outputs, new_state = scores_lib.run(
        network, params, model_state, batch.images, key
    )
    split = episodes.split_episodes(outputs['embedding'], batch.labels, shape)
    head = scores_lib.part({'params': params, **model_state}, scores_lib.HEAD)
    prototypes: Any
    head_state: Any
    prototypes, head_state = mixture.apply(
        head,
        jnp.mean(split.support, axis=2),
        semantics[split.classes],
        train=True,
        mutable=[name for name in head if name != 'params'],
        rngs={'dropout': jax.random.fold_in(key, 1)},
    )
    scored = scores_lib.Scored(
        scores=jax.vmap(compare)(split.queries, prototypes),
        scale=_scale(params, scale, learn_scale),
        labels=split.labels,
        classes=split.classes,
    )
    return scored, scores_lib.join(new_state, scores_lib.HEAD, head_state)

  def init_head(key, size):
    return mixture.init(
        key,
        jnp.zeros((1, shape.way, size)),
        jnp.zeros((1, shape.way, semantics.shape[1])),
        train=False,
    )

  return _scorer(network, shape, score, metric, scale, learn_scale, init_head)


def matching(
    network: nn.Module,
    shape: episodes.EpisodeShape,
    *,
    scale: float = 10.0,
    learn_scale: bool = True,
) -> scores_lib.Scorer:
  r"""Matching networks: attention over the support, by cosines.

  .. math:: z_k = \log \sum_{i: y_i = k} a(x, x_i), \qquad
      a = \mathrm{softmax}_i(s \cos(f(x), f(x_i)))

  Without full contextual embeddings. Vinyals et al. have s = 1, which leaves
  the attention nearly flat; ten, trained, is what later work starts from.

  Args:
    network: see `prototypical`.
    shape: likewise.
    scale: :math:`s`, where training starts.
    learn_scale: whether it is trained.

  Returns:
    The scorer; its scores are log-probabilities, not cosines.
  """

  def score(params, model_state, batch, key):
    outputs, new_state = scores_lib.run(
        network, params, model_state, batch.images, key
    )
    split = episodes.split_episodes(outputs['embedding'], batch.labels, shape)
    tasks, way, shots = split.support.shape[:3]
    support = split.support.reshape(tasks, way * shots, -1)
    attend = lambda queries, examples: attention.cosine_attention(
        queries,
        examples,
        jnp.repeat(jnp.arange(way), shots),
        way,
        scale=_scale(params, scale, learn_scale),
    )
    scored = scores_lib.Scored(
        scores=jax.vmap(attend)(split.queries, support),
        scale=jnp.ones(()),
        labels=split.labels,
        classes=split.classes,
    )
    return scored, new_state

  return _scorer(network, shape, score, 'log_probability', scale, learn_scale)


def _scorer(network, shape, score, metric, scale, learn_scale, init_head=None):
  """Functions of the network, and the head's own variables."""
  functions = scores_lib.evaluation(network)

  def init(key, images):
    variables = functions['init'](key, images)
    head: Any = {'params': {}}
    if init_head is not None:
      outputs = jax.eval_shape(functions['embed'], variables, images)
      size = outputs['embedding'].shape[-1]
      head = init_head(jax.random.fold_in(key, 1), size)
    if learn_scale:
      head = {**head, 'params': {**head['params'], 'scale': jnp.float32(scale)}}
    if init_head is None and not learn_scale:
      return variables
    return scores_lib.join(variables, scores_lib.HEAD, head)

  return scores_lib.Scorer(
      **{**functions, 'init': init},
      score=score,
      way=shape.way,
      cosine=metric == 'cosine',
  )


def _scale(params, scale, learn_scale):
  return params[scores_lib.HEAD]['scale'] if learn_scale else jnp.float32(scale)
