"""Where a config has the latent codes of cGLO start."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, models, synthesis
from lsl_jax.data.augmentation import augment
from lsl_jax.models import pretrained

_BATCH = 256


def _sphere(config, key, images, labels, num_classes):
  del labels, num_classes
  return synthesis.sphere(key, len(images), config.cglo.code_size)


def _hypercube(listed):
  def start(config, key, images, labels, num_classes):
    del images
    return synthesis.hypercube(
        key,
        jnp.asarray(labels),
        num_classes,
        config.cglo.code_size,
        listed=listed,
    )

  return start


def _activations(config, key, images, labels, num_classes):
  """Features of a trained network on the images as they are."""
  del key, labels, num_classes
  spec = config.cglo.activations
  backbone = models.build_backbone(spec.backbone, **spec.options.to_dict())
  variables = pretrained.load_backbone(spec.path, spec.backbone, backbone)

  def embed(variables, images):
    images = augment.normalise(
        images, mean=augment.IMAGENET_MEAN, std=augment.IMAGENET_STD
    )
    outputs: Any = backbone.apply(variables, images, train=False)
    return outputs['pooled']

  features = evaluation.extract(
      jax.tree_util.Partial(embed, variables), images, batch_size=_BATCH
  )
  return synthesis.activations(jnp.asarray(np.asarray(features)))


INITIAL: Mapping[str, Callable[..., jax.Array]] = {
    'sphere': _sphere,
    'hypercube': _hypercube(False),
    'listed_hypercube': _hypercube(True),
    'activations': _activations,
}


def initial(
    config: Any,
    key: jax.Array,
    images: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
) -> jax.Array:
  """Codes before training, `[M, Z]`, of unit length.

  Args:
    config: the whole config.
    key: of what is random about them.
    images: `[M, S, S, 3]` uint8.
    labels: `[M]` int32, -1 where there is none.
    num_classes: C.

  Returns:
    The codes.
  """
  start = INITIAL[config.cglo.initial]
  return start(config, key, images, labels, num_classes)


def check(spec: Any) -> None:
  """Refuses a network of unknown name or without a file.

  Raises:
    ValueError: says which, and what is accepted.
  """
  models.build_backbone(spec.backbone, **spec.options.to_dict())
  if not spec.path:
    raise ValueError(
        'cglo.initial is activations: set --config.cglo.activations.path to a'
        f' torchvision or timm file of {spec.backbone!r}'
    )
