"""From `config.cglo.perceptual` to a measure of how alike images look."""

from collections.abc import Callable, Mapping
from typing import Any

from lsl_jax import models
from lsl_jax.models import efficientnet, perceptual, pretrained
from lsl_jax.pipeline import choices

# Stands for a file that a config cannot do without.
NEEDED = 'needed: a torchvision or timm file of VGG-16'


def _vgg16(spec: Any) -> perceptual.Perceptual:
  backbone = models.VGG16()
  options = _options(spec)
  if spec.authors:
    options['authors'] = True
  variables = pretrained.load_backbone(spec.path, 'vgg16', backbone)
  return perceptual.vgg16(backbone, variables, **options)


def _efficientnet_lite0(spec: Any) -> perceptual.Perceptual:
  """Weights from an installed package, or from a file."""
  backbone = efficientnet.EfficientNetLite0()
  path = spec.path or 'efficientnet_lite0'
  variables = pretrained.load_backbone(path, 'efficientnet_lite0', backbone)
  return perceptual.efficientnet_lite0(backbone, variables, **_options(spec))


def _pyramid(spec: Any) -> perceptual.Perceptual:
  return perceptual.pyramid(spec.levels)


MEASURES: Mapping[str, Callable[[Any], perceptual.Perceptual]] = {
    'vgg16': _vgg16,
    'efficientnet_lite0': _efficientnet_lite0,
    'pyramid': _pyramid,
}


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
  return choices.choose(MEASURES, spec.name, 'cglo.perceptual.name')(spec)


def check(spec: Any) -> None:
  """Refuses what cannot be made, without reading a file.

  Raises:
    ValueError: an unknown name, or a file that has not been named.
  """
  choices.choose(MEASURES, spec.name, 'cglo.perceptual.name')
  if spec.name == 'vgg16' and spec.path in ('', NEEDED):
    raise ValueError(
        'cglo.perceptual.name is vgg16: set --config.cglo.perceptual.path to a'
        ' torchvision or timm file of its ImageNet weights (.pth or'
        ' .safetensors), or take another measure'
        f' ({", ".join(sorted(MEASURES))})'
    )


def _options(spec: Any) -> dict[str, Any]:
  """What overrides a network's own choices."""
  options: dict[str, Any] = {'size': spec.size or None}
  if spec.layers:
    options['layers'] = tuple(spec.layers)
  if spec.pixels:
    options['pixels'] = True
  return options
