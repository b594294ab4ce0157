"""Networks as measures of how alike two images look: images -> list of maps.

All of them are callables that take images in 0 .. 1 and are pytrees of their
weights, so that they can be arguments of a compiled function.

References:
  Johnson, Alahi, Fei-Fei. Perceptual losses for real-time style transfer and
  super-resolution. ECCV 2016.
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020, eq. 1.
"""

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax import ops

# `[B, H, W, 3]` in 0 .. 1 -> maps `[B, h, w, d]`.
Perceptual = Callable[[jax.Array], list[jax.Array]]

PAPER_LAYERS = ('conv1_2', 'conv2_2', 'conv3_2', 'conv4_2', 'conv5_2')
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
# The last map of each scale of EfficientNet-Lite0, as many as of VGG-16.
EFFICIENTNET_LAYERS = ('block1', 'block3', 'block5', 'block11', 'block16')
# Of EfficientNet-Lite0, whose images are (x - 127) / 128 in bytes.
BYTES = ((127 / 255,) * 3, (128 / 255,) * 3)


def network(
    backbone: nn.Module,
    variables: Any,
    *,
    layers: Sequence[str],
    mean: tuple[float, ...],
    std: tuple[float, ...],
    size: int | None = None,
    pixels: bool = False,
) -> Perceptual:
  r"""Maps inside a trained network, in evaluation mode.

  Args:
    backbone: applied as `backbone.apply(variables, images, train=False)`, it
      returns arrays by name.
    variables: of the backbone.
    layers: names of the maps, such as `PAPER_LAYERS` of VGG-16.
    mean: taken from the images, of each channel.
    std: by which they are then divided.
    size: side to which images are brought beforehand, bilinearly; None: theirs.
    pixels: whether the images themselves are the first map.

  Returns:
    The measure, with the weights as leaves.

  Raises:
    ValueError: no layers, or, when called, one that the backbone lacks; the
      message lists those it has.
  """
  if not layers and not pixels:
    raise ValueError('a perceptual network needs the names of its layers')
  measure = _Network(
      backbone, tuple(layers), tuple(mean), tuple(std), size, pixels
  )
  return jax.tree_util.Partial(measure, variables)


def vgg16(backbone: nn.Module, variables: Any, **options: Any) -> Perceptual:
  """VGG-16: conv1_2, ..., conv5_2 on images as its weights expect them.

  Args:
    backbone: a `models.VGG16`.
    variables: of the backbone, trained.
    **options: over these choices, see `network`.

  Returns:
    The measure.
  """
  mean, std = IMAGENET
  choice: dict[str, Any] = {'layers': PAPER_LAYERS, 'mean': mean, 'std': std}
  return network(backbone, variables, **{**choice, **options})


def efficientnet_lite0(
    backbone: nn.Module, variables: Any, **options: Any
) -> Perceptual:
  """EfficientNet-Lite0: the last block of each of its five scales.

  Args:
    backbone: an `EfficientNetLite0`.
    variables: of the backbone, trained.
    **options: over these choices, see `network`.

  Returns:
    The measure.
  """
  mean, std = BYTES
  choice: dict[str, Any] = {
      'layers': EFFICIENTNET_LAYERS,
      'mean': mean,
      'std': std,
  }
  return network(backbone, variables, **{**choice, **options})


def pyramid(levels: int = 4) -> Perceptual:
  r"""The Laplacian pyramid: the measure of the original GLO, without weights.

  With the mean absolute difference of every level, as `losses.perceptual` has
  it, the distance is GLO's :math:`\sum_j 2^{2j} \lVert L_j(x) - L_j(x')
  \rVert_1` over the number of the image's pixels, because level j has a factor
  of :math:`2^{2j}` fewer of them.

  Args:
    levels: of the pyramid.

  Returns:
    The measure.
  """
  return jax.tree_util.Partial(_Levels(levels))


# Records rather than closures: measures of the same settings are equal, and
# programs that take them are compiled once.
@dataclasses.dataclass(frozen=True)
class _Levels:
  """Images -> levels of their pyramid."""

  levels: int

  def __call__(self, images: jax.Array) -> list[jax.Array]:
    return list(ops.laplacian_pyramid(images, levels=self.levels))


@dataclasses.dataclass(frozen=True)
class _Network:
  """Variables and images -> maps of a network, see `network`."""

  backbone: nn.Module
  layers: tuple[str, ...]
  mean: tuple[float, ...]
  std: tuple[float, ...]
  size: int | None
  pixels: bool

  def __call__(self, variables: Any, images: jax.Array) -> list[jax.Array]:
    maps = [images] if self.pixels else []
    if not self.layers:
      return maps
    mean, std = (
        jnp.array(x).reshape(1, 1, 1, 3) for x in (self.mean, self.std)
    )
    x = (images - mean) / std
    if self.size is not None and x.shape[1:3] != (self.size, self.size):
      x = jax.image.resize(x, (len(x), self.size, self.size, 3), 'linear')
    outputs: Any = self.backbone.apply(variables, x, train=False)
    missing = [name for name in self.layers if name not in outputs]
    if missing:
      raise ValueError(
          f'{type(self.backbone).__name__} has no layer {missing[0]!r}; it has'
          f' {", ".join(outputs)}'
      )
    return maps + [outputs[name] for name in self.layers]
