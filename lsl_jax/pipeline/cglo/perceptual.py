"""From `config.cglo.perceptual` to a measure of how alike images look."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax import models
from lsl_jax.models import (
    efficientnet,
    perceptual,
    perceptual_authors,
    pretrained,
)
from lsl_jax.pipeline import choices

# Stands for a file that a config cannot do without.
NEEDED = 'needed: a torchvision or timm file of VGG-16'


class _Network(NamedTuple):
  """A trained network that measures.

  Attributes:
    backbone: makes it.
    measure: `(settings, backbone, variables)` to what it measures with.
  """

  backbone: Callable[[], nn.Module]
  measure: Callable[[Any, nn.Module, Any], perceptual.Perceptual]


def _vgg16(
    spec: Any, backbone: nn.Module, variables: Any
) -> perceptual.Perceptual:
  if spec.authors:
    return perceptual_authors.vgg16(backbone, variables)
  return perceptual.vgg16(backbone, variables, **_options(spec))


def _efficientnet_lite0(
    spec: Any, backbone: nn.Module, variables: Any
) -> perceptual.Perceptual:
  return perceptual.efficientnet_lite0(backbone, variables, **_options(spec))


_PYRAMID = 'pyramid'
NETWORKS: Mapping[str, _Network] = {
    # Looked up when called: tests put a narrower one in its place.
    'vgg16': _Network(lambda: models.VGG16(), _vgg16),
    'efficientnet_lite0': _Network(
        lambda: efficientnet.EfficientNetLite0(), _efficientnet_lite0
    ),
}
MEASURES = (*NETWORKS, _PYRAMID)


def make(spec: Any) -> perceptual.Perceptual:
  """The measure that a config describes, with its weights.

  Args:
    spec: `config.cglo.perceptual`.

  Returns:
    Images `[B, H, W, 3]` in 0 .. 1 to a list of maps.

  Raises:
    ValueError: an unknown name, or a file that does not fit.
    FileNotFoundError: a file is missing.
  """
  return _make(spec, pretrained.load_backbone)


def _make(
    spec: Any, load: Callable[[str, str, nn.Module], Any]
) -> perceptual.Perceptual:
  choices.choose(dict.fromkeys(MEASURES), spec.name, 'cglo.perceptual.name')
  if spec.name == _PYRAMID:
    return perceptual.pyramid(spec.levels)
  network = NETWORKS[spec.name]
  backbone = network.backbone()
  # Without a file, a package brings the weights; VGG-16 has none.
  path = '' if spec.path == NEEDED else spec.path
  variables = load(path or spec.name, spec.name, backbone)
  return network.measure(spec, backbone, variables)


def check(spec: Any, size: int) -> None:
  """Refuses what cannot be made, without reading a file.

  Args:
    spec: `config.cglo.perceptual`.
    size: side of the images that will be measured.

  Raises:
    ValueError: an unknown name, a file that has not been named, or maps or
      weights that there are not.
  """
  choices.choose(dict.fromkeys(MEASURES), spec.name, 'cglo.perceptual.name')
  if spec.name == 'vgg16' and spec.path in ('', NEEDED):
    raise ValueError(
        'cglo.perceptual.name is vgg16: set --config.cglo.perceptual.path to a'
        ' torchvision or timm file of its ImageNet weights (.pth or'
        ' .safetensors), or take another measure'
        f' ({", ".join(sorted(MEASURES))})'
    )
  if spec.name != _PYRAMID and not (spec.layers or spec.weights):
    return  # the usual ones, which are known to be there
  try:
    measure = _make(spec, _shapes)
    images = jax.ShapeDtypeStruct((1, size, size, 3), jnp.float32)
    maps = jax.eval_shape(lambda own, x: own(x), measure, images)
  except ValueError as error:
    what = 'levels' if spec.name == _PYRAMID else 'layers'
    raise ValueError(f'cglo.perceptual.{what}={spec[what]}: {error}') from error
  if spec.weights and len(spec.weights) != len(maps):
    raise ValueError(
        f'cglo.perceptual.weights={spec.weights} are {len(spec.weights)}, but'
        f' {spec.name} makes {len(maps)} maps of images of {size} pixels'
    )


def _shapes(path: str, name: str, backbone: nn.Module) -> Any:
  """The variables' shapes alone."""
  del path, name
  return jax.eval_shape(
      lambda key, images: backbone.init(key, images, train=False),
      jax.random.key(0),
      jnp.zeros((1, 64, 64, 3)),
  )


def _options(spec: Any) -> dict[str, Any]:
  """What overrides a network's own choices."""
  options: dict[str, Any] = {'size': spec.size or None}
  if spec.layers:
    options['layers'] = tuple(spec.layers)
  if spec.pixels:
    options['pixels'] = True
  return options
