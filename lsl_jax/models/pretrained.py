"""Published weights of PyTorch networks, in their naming, on our variables.

Every tensor of a file is accounted for: it is used, or it is on the short list
of what the backbone does not have, or it is an error.
"""

from collections.abc import Callable
import os
import re
from typing import Any

from flax import linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax.models import installed, torch_files

_COLLECTIONS = ('params', 'batch_stats')
# Our names of a layer's arrays, and PyTorch's.
_LEAVES = {
    'kernel': 'weight',
    'scale': 'weight',
    'bias': 'bias',
    'mean': 'running_mean',
    'var': 'running_var',
}
# Counts of training steps, of no use once statistics decay by a constant.
_COUNTERS = r'(.+\.)?num_batches_tracked'
_VGG_STAGES = (2, 2, 3, 3, 3)


def load_backbone(
    path: str | os.PathLike[str], name: str, backbone: nn.Module
) -> Any:
  """A backbone's variables from a file, without initialising others first.

  Args:
    path: as `load` takes it.
    name: of the backbone in `network.BACKBONES`.
    backbone: the module.

  Returns:
    `{'params': ..., 'batch_stats': ...}`.

  Raises:
    FileNotFoundError, ImportError, ValueError: as `load` does.
  """
  shapes = jax.eval_shape(
      lambda key, images: backbone.init(key, images, train=False),
      jax.random.key(0),
      jnp.zeros((1, 64, 64, 3)),
  )
  return load(path, name, shapes)


def load(path: str | os.PathLike[str], backbone: str, variables: Any) -> Any:
  """Replaces a backbone's variables by those of a file.

  What the file has beyond the backbone is left out if it is the classifier of
  the publication (`fc.*`; of VGG `classifier.*`, or in timm `pre_logits.*` and
  `head.*`; of EfficientNet `_fc.*`), an auxiliary head (`aux1.*`, `aux2.*`) or
  `num_batches_tracked`.

  Args:
    path: of a `.pth` or `.safetensors` file, or a name of `installed.PACKAGES`.
    backbone: its name in `network.BACKBONES`.
    variables: of the backbone, or of a `Network` that has it under `backbone`:
      `{'params': ..., 'batch_stats': ...}` of arrays or of their shapes.

  Returns:
    The same tree, the backbone's leaves replaced, other leaves as they were.

  Raises:
    FileNotFoundError: there is no such file.
    ImportError: the name is of a package that is not installed.
    ValueError: the backbone has no published weights, or the file is of another
      format, lacks a tensor, has one of another shape or one too many; the
      message names the file and the tensor.
  """
  if backbone not in _NAMINGS:
    raise ValueError(
        f'no published weights are known for backbone {backbone!r}; there are'
        f' some for {", ".join(_NAMINGS)}'
    )
  translate, ignored = _NAMINGS[backbone]
  path = _file(path, backbone)
  tensors = torch_files.read(path)
  in_network = 'backbone' in variables['params']
  used = set()

  def replace(key_path: Any, leaf: Any) -> Any:
    collection, *modules, name = [key.key for key in key_path]
    if collection not in _COLLECTIONS:
      return leaf
    if in_network:
      if modules[:1] != ['backbone']:
        return leaf
      modules = modules[1:]
    tensor_name = f'{translate("/".join(modules))}.{_LEAVES[name]}'
    used.add(tensor_name)
    return _converted(path, tensor_name, tensors, leaf)

  replaced = jax.tree_util.tree_map_with_path(replace, variables)
  known = re.compile(f'{ignored}|{_COUNTERS}')
  left = [n for n in tensors if n not in used and not known.fullmatch(n)]
  if left:
    raise ValueError(
        f'{path}: {backbone} has no place for {len(left)} of its tensors:'
        f' {", ".join(sorted(left)[:10])}'
    )
  return replaced


def _file(path: str | os.PathLike[str], backbone: str) -> Any:
  package = installed.PACKAGES.get(os.fspath(path))
  if package and package.backbone != backbone:
    raise ValueError(
        f'the weights {os.fspath(path)!r} are for {package.backbone!r}, not for'
        f' {backbone!r}'
    )
  return installed.locate(path)


def _converted(
    path: Any, name: str, tensors: dict[str, np.ndarray], leaf: Any
) -> jax.Array:
  """One tensor in our order of axes; kernels are [out, in, h, w] in PyTorch."""
  kernel_axes = (2, 3, 1, 0)
  is_kernel = len(leaf.shape) == 4
  expected = tuple(leaf.shape)
  if is_kernel:
    expected = tuple(expected[axis] for axis in (3, 2, 0, 1))
  if name not in tensors:
    raise ValueError(
        f'{path}: tensor {name!r} of shape {expected} is missing; the file has'
        f' {len(tensors)} tensors: {", ".join(sorted(tensors)[:5])}, ...'
    )
  tensor = tensors[name]
  if tensor.shape != expected:
    raise ValueError(
        f'{path}: tensor {name!r} has shape {tensor.shape}, expected {expected}'
    )
  if is_kernel:
    tensor = tensor.transpose(kernel_axes)
  return jnp.asarray(tensor, leaf.dtype)


def _resnet(module: str) -> str:
  """'stage1_block2/conv3' to 'layer1.1.conv3', 'stem_norm' to 'bn1'."""
  block, _, layer = module.partition('/')
  if block.startswith('stem'):
    return {'stem_conv': 'conv1', 'stem_norm': 'bn1'}[block]
  stage, index = block.removeprefix('stage').split('_block')
  shortcut = {'shortcut_conv': 'downsample.0', 'shortcut_norm': 'downsample.1'}
  layer = shortcut.get(layer, layer.replace('norm', 'bn'))
  return f'layer{stage}.{int(index) - 1}.{layer}'


def _inception(module: str) -> str:
  """'inception3a/branch2_3x3/norm' to 'inception3a.branch2.1.bn'."""
  parts = {
      'branch2_1x1': 'branch2.0',
      'branch2_3x3': 'branch2.1',
      'branch3_1x1': 'branch3.0',
      'branch3_3x3': 'branch3.1',
      'branch4': 'branch4.1',
      'norm': 'bn',
  }
  return '.'.join(parts.get(part, part) for part in module.split('/'))


def _vgg(module: str) -> str:
  """'conv2_1' to 'features.5': PyTorch counts ReLUs and pools as well."""
  stage, index = (int(n) for n in module.removeprefix('conv').split('_'))
  before = sum(2 * count + 1 for count in _VGG_STAGES[: stage - 1])
  return f'features.{before + 2 * (index - 1)}'


def _efficientnet(module: str) -> str:
  """'block2/depthwise_norm' to '_blocks.1._bn1', 'stem_norm' to '_bn0'."""
  parts = {
      'stem_conv': '_conv_stem',
      'stem_norm': '_bn0',
      'head_conv': '_conv_head',
      'head_norm': '_bn1',
      'expand_norm': '_bn0',
      'depthwise_norm': '_bn1',
      'project_norm': '_bn2',
  }
  block, _, layer = module.rpartition('/')
  layer = parts.get(layer, f'_{layer}')
  if not block:
    return layer
  return f'_blocks.{int(block.removeprefix("block")) - 1}.{layer}'


# How a backbone's modules are called in files, and what files have beyond them.
_NAMINGS: dict[str, tuple[Callable[[str], str], str]] = {
    **dict.fromkeys(
        ('resnet10', 'resnet18', 'resnet34', 'resnet50'), (_resnet, r'fc\..+')
    ),
    'inception_v1': (_inception, r'(fc|aux1|aux2)\..+'),
    'vgg16': (_vgg, r'(classifier|pre_logits|head)\..+'),
    'efficientnet_lite0': (_efficientnet, r'_fc\..+'),
}
