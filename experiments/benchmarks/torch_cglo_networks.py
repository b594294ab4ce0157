"""The networks of benchmarks/torch_cglo.py: as lsl_jax has them."""

import itertools

import torch  # pyrefly: ignore[missing-import]
from torch import nn  # pyrefly: ignore[missing-import]
from torch.nn import functional  # pyrefly: ignore[missing-import]

CODE, NOISE = 128, 100


class Generator(nn.Module):
  """DCGAN, from 4 x 4 pixels."""

  def __init__(self, size, width):
    super().__init__()
    widths = [width]
    while 8 * 2 ** (len(widths) - 1) < size:
      widths.insert(0, 2 * widths[0])
    self.first = widths[0]
    self.dense = nn.Linear(CODE + NOISE, 16 * self.first, bias=False)
    layers = [nn.BatchNorm2d(self.first), nn.ReLU()]
    for inputs, outputs in itertools.pairwise(widths):
      layers += [
          nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False),
          nn.BatchNorm2d(outputs),
          nn.ReLU(),
      ]
    self.layers = nn.Sequential(
        *layers, nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh()
    )

  def forward(self, codes):
    """Codes to images in 0 .. 1."""
    noise = 0.15 * torch.randn(len(codes), NOISE, device=codes.device)
    x = self.dense(torch.cat([codes, noise], 1)).view(-1, self.first, 4, 4)
    return (self.layers(x) + 1) / 2


class Weak(nn.Module):
  """The weak classifier."""

  def __init__(self, width, blocks, classes):
    super().__init__()
    layers, inputs = [], 3
    for _ in range(blocks):
      layers += [
          nn.Conv2d(inputs, width, 3, padding=1, bias=False),
          nn.BatchNorm2d(width),
          nn.LeakyReLU(0.2),
          nn.MaxPool2d(2),
      ]
      inputs = width
    self.layers = nn.Sequential(*layers)
    self.head = nn.Linear(width, classes)

  def forward(self, images):
    """Images to logits."""
    return self.head(self.layers(images).mean((2, 3)))


class Vgg(nn.Module):
  """The five maps of VGG-16 that count."""

  def __init__(self, width):
    super().__init__()
    stages = ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))
    self.stages, inputs = nn.ModuleList(), 3
    for count, scale in stages:
      convolutions = nn.ModuleList()
      for _ in range(count):
        convolutions.append(nn.Conv2d(inputs, scale * width, 3, padding=1))
        inputs = scale * width
      self.stages.append(convolutions)
    self.requires_grad_(False)

  def forward(self, x):
    """Images to five maps."""
    maps = []
    for number, convolutions in enumerate(self.stages):
      for index, convolution in enumerate(convolutions):
        x = convolution(x)
        if index == 1:
          maps.append(x)
          if number == 4:
            return maps
        x = functional.relu(x)
      x = functional.max_pool2d(x, 2)
    return maps


class Pyramid(nn.Module):
  """The Laplacian pyramid."""

  def __init__(self, levels):
    super().__init__()
    self.levels = levels
    row = torch.tensor([1.0, 4, 6, 4, 1]) / 16
    kernel = torch.outer(row, row).expand(3, 1, 5, 5).contiguous()
    self.register_buffer('kernel', kernel)

  def _blur(self, x):
    padded = functional.pad(x, (2, 2, 2, 2), mode='replicate')
    return functional.conv2d(padded, self.kernel, groups=3)

  def forward(self, x):
    """Images to as many maps."""
    maps = []
    for _ in range(self.levels - 1):
      smaller = self._blur(x)[:, :, ::2, ::2]
      larger = functional.interpolate(smaller, scale_factor=2)
      maps.append(x - self._blur(larger))
      x = smaller
    return [*maps, x]


class Block(nn.Module):
  """A block of a wide residual network."""

  def __init__(self, inputs, width, stride):
    super().__init__()
    self.norm1 = nn.BatchNorm2d(inputs)
    self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
    self.norm2 = nn.BatchNorm2d(width)
    self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
    self.shortcut = None
    if inputs != width:
      self.shortcut = nn.Conv2d(inputs, width, 1, stride, bias=False)

  def forward(self, x):
    """Maps to maps."""
    activated = functional.relu(self.norm1(x))
    y = functional.relu(self.norm2(self.conv1(activated)))
    y = self.conv2(functional.dropout(y, 0.3, self.training))
    return y + (x if self.shortcut is None else self.shortcut(activated))


def wide_resnet(depth, width, classes):
  """WideResNet of any depth and width."""
  layers, inputs = [nn.Conv2d(3, 16, 3, 1, 1, bias=False)], 16
  for stage in range(3):
    for block in range((depth - 4) // 6):
      own = 16 * width * 2**stage
      layers.append(Block(inputs, own, 2 if stage and not block else 1))
      inputs = own
  layers += [nn.BatchNorm2d(inputs), nn.ReLU(), nn.AdaptiveAvgPool2d(1)]
  return nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs, classes))
