"""What a margin can be wrapped around: scores of queries, before any loss.

A scorer says how similar examples are to classes; the softmax of these scores,
and a margin between them, are the business of `margin_objective`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax import types

# Entries of the variables that do not belong to the network.
HEAD, MARGINS = 'head', 'margins'


class Scored(NamedTuple):
  """Examples of E tasks, each seen by the classifier of its task.

  Attributes:
    scores: `[E, M, N]`; logits are `scale * scores`.
    scale: a scalar, or `[N]`, one a class.
    labels: `[E, M]` int32 in 0 .. N - 1.
    classes: `[E, N]` int32, which base classes a task has.
  """

  scores: jax.Array
  scale: jax.Array
  labels: jax.Array
  classes: jax.Array

  @property
  def logits(self) -> jax.Array:
    """`[E, M, N]`."""
    return aligned(self.scale, 3) * self.scores


class Scorer(NamedTuple):
  """A metric-based learner before its loss.

  Attributes:
    init: as in `types.Representation`.
    score: `(params, model_state, batch, key) -> (Scored, model_state)`, in
      training mode.
    embed: as in `types.Representation`.
    logits: likewise.
    way: N, classes that its tasks have.
    cosine: whether scores are cosines, which angular margins need.
  """

  init: Callable[[types.Key, jax.Array], types.Variables]
  score: Callable[..., tuple[Scored, Any]]
  embed: Callable[[types.Variables, jax.Array], dict[str, jax.Array]]
  logits: Callable[[types.Variables, jax.Array], jax.Array]
  way: int
  cosine: bool


def classifier_scores(
    network: nn.Module, num_classes: int, *, cosine: bool = True
) -> Scorer:
  """The network's own classifier of all base classes: one large task.

  Args:
    network: applied as `network.apply(variables, images, train=...)`, it
      returns `embedding` and `logits`; a cosine classifier has a `scale` among
      its parameters.
    num_classes: C, of the classifier.
    cosine: whether its logits are cosines times one scale.

  Returns:
    The scorer.
  """

  def score(params, model_state, batch, key):
    outputs, new_state = run(network, params, model_state, batch.images, key)
    scale = params['classifier'].get('scale', jnp.ones(()))
    scored = Scored(
        scores=outputs['logits'][None] / aligned(scale, 3),
        scale=scale,
        labels=batch.labels[None],
        classes=jnp.arange(num_classes)[None],
    )
    return scored, new_state

  return Scorer(
      **evaluation(network),
      score=score,
      way=num_classes,
      cosine=cosine,
  )


def evaluation(network: nn.Module) -> dict[str, Any]:
  """`init`, `embed` and `logits` of a network, as a scorer has them."""

  def init(key, images):
    return network.init(key, images, train=False)

  def embed(variables, images):
    outputs: Any = network.apply(of_network(variables), images, train=False)
    return outputs

  def logits(variables, images):
    return embed(variables, images)['logits']

  return {'init': init, 'embed': embed, 'logits': logits}


def run(
    network: nn.Module,
    params: Any,
    model_state: Any,
    images: jax.Array,
    key: types.Key,
) -> tuple[dict[str, jax.Array], Any]:
  """Applies the network in training mode.

  Args:
    network: see `classifier_scores`.
    params: of the whole representation.
    model_state: likewise; entries of head and margins come back unchanged.
    images: `[B, H, W, 3]`.
    key: for dropout.

  Returns:
    The outputs and the new state.
  """
  own = of_network({'params': params, **model_state})
  applied: Any = network.apply(
      own,
      images,
      train=True,
      mutable=[name for name in own if name != 'params'],
      rngs={'dropout': key},
  )
  outputs, new_state = applied
  return outputs, {
      name: {**entries, **new_state.get(name, {})}
      for name, entries in model_state.items()
  }


def of_network(variables: types.Variables) -> types.Variables:
  """Variables without those of head and margins."""
  return {
      collection: {
          name: value
          for name, value in entries.items()
          if name not in (HEAD, MARGINS)
      }
      for collection, entries in variables.items()
  }


def part(variables: types.Variables, name: str) -> types.Variables:
  """The variables of the head, or of the margins, by collection."""
  return {
      collection: entries[name]
      for collection, entries in variables.items()
      if name in entries
  }


def join(
    variables: types.Variables, name: str, added: types.Variables
) -> types.Variables:
  """Variables with those of a part put in, or replaced, under its name."""
  merged = dict(variables)
  for collection, entries in added.items():
    merged[collection] = {**merged.get(collection, {}), name: entries}
  return merged


def aligned(scale: jax.Array, rank: int) -> jax.Array:
  """A scale, `[]` or `[N]`, with as many axes as the scores it is of."""
  return jnp.reshape(scale, (1,) * (rank - jnp.ndim(scale)) + jnp.shape(scale))
