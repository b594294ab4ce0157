"""Backbone, embedding and classifier as one network, and its description."""

from collections.abc import Callable, Mapping
import dataclasses
from typing import Any

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax.models import (
    c128f,
    conv4,
    efficientnet,
    heads,
    inception,
    resnet,
    resnet12,
    vgg,
    wide_resnet,
)
from lsl_jax.ops import pooling

BACKBONES: dict[str, Callable[..., nn.Module]] = {
    'conv4': conv4.Conv4,
    'c128f': c128f.C128F,
    'resnet10': resnet.resnet10,
    'resnet12': resnet12.ResNet12,
    'resnet18': resnet.resnet18,
    'resnet34': resnet.resnet34,
    'resnet50': resnet.resnet50,
    'resnet50_low_shot': resnet.resnet50_low_shot,
    'inception_v1': inception.InceptionV1,
    'vgg16': vgg.VGG16,
    'efficientnet_lite0': efficientnet.EfficientNetLite0,
    'wide_resnet': wide_resnet.WideResNet,
}
HEADS = ('cosine', 'linear', 'multiverse')


class Network(nn.Module):
  """Images to map, pooled features, embedding and logits.

  The parameter tree's top-level names are those of the attributes: `backbone`,
  `embedding`, `classifier`. Optimisers tell new layers by them.

  Attributes:
    backbone: `(images, train=...) -> {'map': [B, h, w, F], 'pooled': [B, F]}`.
    classifier: `[B, D] -> [B, C]`.
    embedding: `[B, F] -> [B, D]`, or None: the pooled features themselves.
    dropout: share of the embedding's features that the classifier does not see
      in a training step; the others are scaled up. Needs the key `dropout`.
    pooling: what makes a vector of the map, a name of `ops.pooling.POOLINGS`;
      'gap' takes the backbone's own mean.
  """

  backbone: nn.Module
  classifier: nn.Module
  embedding: nn.Module | None = None
  dropout: float = 0.0
  pooling: str = 'gap'

  def __call__(self, images: jax.Array, *, train: bool) -> dict[str, jax.Array]:
    """Runs the network.

    Args:
      images: `[B, H, W, 3]`.
      train: whether batch normalisation uses, and records, the batch's
        statistics; then apply with `mutable=['batch_stats']`.

    Returns:
      `map` [B, h, w, F] in the backbone's type, and in float32 `pooled` [B, F],
      `embedding` [B, D] and `logits` [B, C]; and whatever else the backbone
      gives by name.
    """
    features = self.backbone(images, train=train)
    pooled = features['pooled']
    if self.pooling != 'gap':
      pooled = pooling.POOLINGS[self.pooling](features['map'])
    embedding = pooled if self.embedding is None else self.embedding(pooled)
    return {
        **features,
        'pooled': pooled,
        'embedding': embedding,
        'logits': self.classifier(self._drop(embedding, train)),
    }

  def _drop(self, embedding: jax.Array, train: bool) -> jax.Array:
    if not train or not self.dropout:
      return embedding
    keep = 1 - self.dropout
    kept = jax.random.bernoulli(self.make_rng('dropout'), keep, embedding.shape)
    return jnp.where(kept, embedding / keep, 0)


@dataclasses.dataclass(frozen=True)
class Spec:
  """A network as a configuration describes it.

  Attributes:
    backbone: a name of `BACKBONES`.
    num_classes: C, rows of the classifier.
    options: further attributes of the backbone, such as `{'width': 32}`.
    pooling: what makes a vector of the map: 'gap', 'gmp' or 'flatten'.
    embedding: D, or None for no embedding layer.
    normalise: whether embeddings have unit length.
    head: a name of `HEADS`.
    scale: the cosine classifier's scale at the start of training.
    per_class_scale: one scale a class instead of one for all.
    use_bias: whether the linear classifier has a bias.
    copies: classifiers of the multiverse head.
    dtype: of the backbone's arithmetic, 'float32' or 'bfloat16'.
    dropout: of the features that the classifier sees in training, 0 to 1.
  """

  backbone: str
  num_classes: int
  options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  pooling: str = 'gap'
  embedding: int | None = None
  normalise: bool = True
  head: str = 'cosine'
  scale: float = 10.0
  per_class_scale: bool = False
  use_bias: bool = False
  dtype: str = 'float32'
  dropout: float = 0.0
  copies: int = 5


def build(spec: Any, *, axis_name: str | None = None) -> Network:
  """Makes the network that a specification describes.

  Args:
    spec: a `Spec`, a mapping, or an object with attributes, whose names are
      those of `Spec`.
    axis_name: mapped axis over which batches are divided (pmap, vmap), or None.

  Returns:
    The network, not yet initialised.

  Raises:
    ValueError: a name is unknown or missing; the message lists the valid ones.

  >>> network = build({'backbone': 'conv4', 'num_classes': 5, 'embedding': 64})
  >>> network.classifier.num_classes
  5
  """
  spec = _read(spec)
  if not 0 <= spec.dropout < 1:
    raise ValueError(f'dropout must be in [0, 1), not {spec.dropout}')
  embedding = None
  if spec.embedding is not None:
    embedding = heads.Embedding(spec.embedding, normalise=spec.normalise)
  return Network(
      backbone=build_backbone(
          spec.backbone,
          axis_name=axis_name,
          dtype=_one_of('dtype', spec.dtype, ('float32', 'bfloat16')),
          **spec.options,
      ),
      embedding=embedding,
      classifier=_classifier(spec),
      dropout=spec.dropout,
      pooling=_one_of('pooling', spec.pooling, pooling.POOLINGS),
  )


def build_backbone(name: str, **options: Any) -> nn.Module:
  """Makes a backbone by name.

  Args:
    name: a key of `BACKBONES`.
    **options: its attributes.

  Returns:
    The module, not yet initialised.

  Raises:
    ValueError: the name or an option is unknown; the valid ones are listed.
  """
  make = BACKBONES[_one_of('backbone', name, BACKBONES)]
  try:
    return make(**options)
  except TypeError as error:
    raise ValueError(f'backbone {name!r}: {error}') from error


def _classifier(spec: Spec) -> nn.Module:
  if _one_of('head', spec.head, HEADS) == 'linear':
    return heads.LinearClassifier(spec.num_classes, spec.use_bias)
  if spec.head == 'multiverse':
    return heads.MultiverseClassifier(spec.num_classes, spec.copies)
  return heads.CosineClassifier(
      spec.num_classes, spec.scale, spec.per_class_scale
  )


def _read(spec: Any) -> Spec:
  """Checks the names of a specification in whatever form it came."""
  if isinstance(spec, Spec):
    return spec
  given = dict(spec.items() if hasattr(spec, 'items') else vars(spec))
  fields = [field.name for field in dataclasses.fields(Spec)]
  for name in given:
    _one_of('network key', name, fields)
  missing = [name for name in ('backbone', 'num_classes') if name not in given]
  if missing:
    raise ValueError(f'network description lacks {", ".join(missing)}')
  return Spec(**given)


def _one_of(what: str, name: str, valid: Any) -> str:
  if name not in valid:
    raise ValueError(f'unknown {what} {name!r}; valid ones: {", ".join(valid)}')
  return name
