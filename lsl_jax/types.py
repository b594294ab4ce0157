"""The nouns that every layer shares, and the alphabet of dimension letters.

Shapes in docstrings are written with these letters:

| letter | counts                        | letter | counts                     |
|--------|-------------------------------|--------|----------------------------|
| B      | examples of a batch           | M      | images of a data set       |
| C      | classes of a label space      | N      | novel classes, the way     |
| K      | shots, examples of a class    | S      | support examples           |
| Q      | query (test) examples         | T      | trials: draws, episodes    |
| D      | features of an embedding      | A      | augmented views            |
| H, W   | sides of an image or a map    | R      | positions of a map, H x W  |
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from flax import struct
import jax

Key = jax.Array  # a typed key, as jax.random.key makes them
Variables = Any  # a Linen variable tree: {'params': ..., 'batch_stats': ...}
Classifier = Any  # whatever pytree a learner's fit returns


class Batch(NamedTuple):
  """Images and labels of one training step.

  Attributes:
    images: `[B, H, W, 3]` float, in the range that the data's normalisation
      gives (by default [-1, 1]).
    labels: `[B]` int32 class indices.
  """

  images: jax.Array
  labels: jax.Array


@struct.dataclass
class Base:
  """What a learner may know of the base classes.

  Attributes:
    templates: the trained classifier's rows, `[C, D]`; `[0, D]` in a task that
      has no base classes.
    features: stored base examples, `[M, D]`, where a learner needs them.
    labels: their classes, `[M]` int32.
  """

  templates: jax.Array
  features: jax.Array | None = None
  labels: jax.Array | None = None

  @property
  def num_classes(self) -> int:
    """How many base classes there are, C."""
    return self.templates.shape[0]


@struct.dataclass
class Support:
  """The few labelled examples from which novel classes are learned.

  Attributes:
    features: `[S, D]`, or `[S, A, D]` with A augmented views an example, or
      feature maps or images where the learner asks for them.
    labels: `[S]` int32 in 0 .. num_classes - 1, novel classes only.
    num_classes: how many novel classes there are, N; static under jit.
  """

  features: jax.Array
  labels: jax.Array
  num_classes: int = struct.field(pytree_node=False)


class Episode(NamedTuple):
  """One N-way K-shot task, or T of them along a leading axis, as indices.

  Attributes:
    classes: `[N]` int32, the classes of the task in order of its labels.
    support: `[N, K]` int32, indices of images.
    query: `[N, Q]` int32, indices of images, none of them in `support`.
  """

  classes: jax.Array
  support: jax.Array
  query: jax.Array


class Learner(NamedTuple):
  """Phase 2: how a few examples become a classifier. Pure functions.

  Attributes:
    fit: `(key, base: Base, support: Support) -> classifier`.
    predict: `(classifier, features [..., D]) -> logits [..., C + N]`, base
      classes first, novel ones after them in the order of support's labels.
    sweep: the same in less arithmetic when many nested draws share one pool of
      examples, or None. `sweep(base, pool [M, D], draws [T, N, K], shots)`
      returns `(fitted, score)`: what T draws need remembered, as a pytree whose
      leaves lead with T, and `score(queries [Q, D]) -> (base_logits [C, Q],
      novel)` with `novel(some of fitted, [t, ...]) -> logits`, one array
      `[t, N, Q]` for each number n of `shots`: those of the classifiers fitted
      on the first n columns of the draws (indices into the pool). Classes come
      before queries, so that ranking them runs along contiguous queries. Up to
      rounding, it equals fit then predict.
    restrict: `(classifier, first, last) -> classifier` of the classes first ..
      last - 1 alone; or None where logits of some classes do not depend on
      which others there are, so that columns may be left out instead.
    prepare: `features [M, ...] -> a tree of arrays [M, ...]` that fit and
      predict take in the place of features: whatever of them depends on no
      other example nor on the task, so that many tasks on the same images
      compute it once. None where there is nothing to prepare.
  """

  fit: Callable[[Key, Base, Support], Classifier]
  predict: Callable[[Classifier, jax.Array], jax.Array]
  sweep: Callable[..., Any] | None = None
  restrict: Callable[[Classifier, int, int], Classifier] | None = None
  prepare: Callable[[Any], Any] | None = None


class Representation(NamedTuple):
  """Phase 1: how features are learned from the base classes. Pure functions.

  Attributes:
    init: `(key, images [B, H, W, 3]) -> variables`.
    loss: `(params, model_state, batch, key) -> (scalar, (model_state,
      metrics))` where variables = {'params': params, **model_state} and metrics
      is a flat dictionary of scalars. The mean over the global batch.
    embed: `(variables, images) -> {'map': [B, H, W, D], 'pooled': [B, D],
      'embedding': [B, D], ...}` in evaluation mode.
    logits: `(variables, images) -> [B, C]` in evaluation mode.
  """

  init: Callable[[Key, jax.Array], Variables]
  loss: Callable[..., Any]
  embed: Callable[[Variables, jax.Array], dict[str, jax.Array]]
  logits: Callable[[Variables, jax.Array], jax.Array]
