"""VGG-16 as a measure as cGLO's authors have it: by the size of the images.

References:
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020; their program.
  Hoshen, Malik. Non-adversarial image synthesis with generative latent nearest
  neighbors. CVPR 2019 (from which they have it).
"""

import dataclasses
from typing import Any

from flax import linen as nn
import jax

from lsl_jax.models import perceptual

# Convolutions 1_2, 2_2, 3_2 and 4_3, and the last pooling. The ReLUs behind
# them work in place, so what they kept of a map is what its ReLU made of it ...
_LAYERS = ('relu1_2', 'relu2_2', 'relu3_2', 'relu4_3', 'pool5')
# ... but for the last map of a pass, whose ReLU is not computed.
_LAST = ('conv1_2', 'conv2_2', 'conv3_2', 'conv4_3', 'pool5')
# Sides up to which there are so many levels; beyond, five, and four more.
_LEVELS = ((16, 2), (32, 3), (64, 4))
_POOLED = 4


def vgg16(backbone: nn.Module, variables: Any) -> perceptual.Perceptual:
  """VGG-16 with the maps, the range and the levels of the authors' program.

  Images of up to 16, 32 and 64 pixels have two, three and four levels; larger
  ones have five, and four of the images averaged over squares of four pixels.
  Images go in with values in [-1, 1], and are themselves the first map of each
  pass.

  Args:
    backbone: a `models.VGG16`.
    variables: of the backbone, trained.

  Returns:
    The measure, with the weights as leaves.
  """
  return jax.tree_util.Partial(_Levels(backbone), variables)


def layers(levels: int) -> tuple[str, ...]:
  """The maps of a pass with so many levels.

  >>> layers(3)
  ('relu1_2', 'relu2_2', 'conv3_2')
  """
  return (*_LAYERS[: levels - 1], _LAST[levels - 1])


@dataclasses.dataclass(frozen=True)
class _Levels:
  """Variables and images -> pixels and maps, see `vgg16`."""

  backbone: nn.Module

  def __call__(self, variables: Any, images: jax.Array) -> list[jax.Array]:
    side = max(images.shape[1:3])
    images = 2 * images - 1
    for most, levels in _LEVELS:
      if side <= most:
        return self._pass(variables, images, levels)
    window = (_POOLED, _POOLED)
    small = nn.avg_pool(images, window, strides=window)
    return self._pass(variables, images, len(_LAYERS)) + self._pass(
        variables, small, len(_LAYERS) - 1
    )

  def _pass(self, variables, images, levels):
    outputs: Any = self.backbone.apply(variables, images, train=False)
    return [images, *(outputs[name] for name in layers(levels))]
