"""The comparison: the steps of benchmarks/cglo.py in PyTorch.

Called by it with the sizes as JSON; prints seconds of each step as JSON. Layers
and losses are the same ones; codes are an embedding with sparse gradients and
PyTorch's SparseAdam; on a CPU arrays lie channels last, its faster way.
"""

import itertools
import json
import sys
import time

import torch  # pyrefly: ignore[missing-import]
from torch import nn  # pyrefly: ignore[missing-import]
from torch.nn import functional  # pyrefly: ignore[missing-import]

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
CODE, NOISE = 128, 100
MEAN, STD = (0.507, 0.487, 0.441), (0.267, 0.256, 0.276)


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


def placed(module):
  return module.to(DEVICE, memory_format=torch.channels_last)


def timed(step, repeats):
  seconds = []
  for _ in range(repeats + 2):
    if DEVICE == 'cuda':
      torch.cuda.synchronize()
    start = time.perf_counter()
    step()
    if DEVICE == 'cuda':
      torch.cuda.synchronize()
    seconds.append(time.perf_counter() - start)
  return seconds[2:]


def slerp(start, end, t):
  """Along the sphere; what coincides stays where it is."""
  angle = torch.acos((start * end).sum(1, keepdim=True).clamp(-1, 1))
  near = (torch.sin((1 - t) * angle), torch.sin(t * angle))
  mixed = (near[0] * start + near[1] * end) / torch.sin(angle)
  return torch.where(angle < 1e-4, start, mixed)


def partners(numbers, total, classes):
  """Another code of the same class for each; code i is of class i % classes."""
  own = numbers % classes
  counts = (total - own + classes - 1) // classes
  steps = (torch.rand(len(numbers), device=DEVICE) * (counts - 1)).long() + 1
  return own + classes * ((numbers // classes + steps) % counts)


def present(images):
  """Padded, cropped, flipped and normalised, each image in its own way."""
  count, _, size, _ = images.shape
  padded = functional.pad(images.permute(0, 2, 3, 1), (0, 0, 4, 4, 4, 4))
  corners = torch.randint(0, 9, (2, count, 1), device=DEVICE)
  along = torch.arange(size, device=DEVICE)
  flipped = torch.rand(count, 1, device=DEVICE) < 0.5
  rows = (corners[0] + along)[:, :, None]
  columns = corners[1] + torch.where(flipped, along.flip(0), along)
  number = torch.arange(count, device=DEVICE)[:, None, None]
  views = padded[number, rows, columns[:, None]]
  mean, std = (torch.tensor(values, device=DEVICE) for values in (MEAN, STD))
  return ((views - mean) / std).permute(0, 3, 1, 2)


def images_of(sizes):
  side = sizes['size']
  images = torch.rand(sizes['batch'], 3, side, side, device=DEVICE)
  return images.contiguous(memory_format=torch.channels_last)


def generator_step(sizes, count, measure):
  """A step of cGLO."""
  generator = placed(Generator(sizes['size'], sizes['generator']))
  weak = placed(Weak(sizes['weak'], sizes['blocks'], sizes['classes']))
  measure = placed(measure)
  codes = nn.Embedding(count, CODE, sparse=True, device=DEVICE)
  with torch.no_grad():
    codes.weight /= codes.weight.norm(dim=1, keepdim=True)
  networks = [*generator.parameters(), *weak.parameters()]
  adam = torch.optim.Adam(networks, 7e-4, (0.5, 0.999))
  sparse = torch.optim.SparseAdam(codes.parameters(), 1e-3, (0.5, 0.999))
  rows = torch.randperm(count, device=DEVICE)[: sizes['batch']]
  labels = torch.arange(sizes['batch'], device=DEVICE) % sizes['classes']
  images = images_of(sizes)

  def step():
    adam.zero_grad(set_to_none=True)
    sparse.zero_grad(set_to_none=True)
    generated = generator(codes(rows))
    with torch.no_grad():
      wanted = measure(images)
    losses = [
        (ours - theirs).abs().mean()
        for ours, theirs in zip(measure(generated), wanted, strict=True)
    ]
    loss = torch.stack(losses).sum()
    if sizes['blocks']:
      loss = loss + 0.5 * functional.cross_entropy(weak(generated), labels)
    loss.backward()
    adam.step()
    sparse.step()
    with torch.no_grad():
      own = codes.weight[rows]
      codes.weight[rows] = own / own.norm(dim=1, keepdim=True)

  return timed(step, sizes['repeats'])


def classifier_step(sizes, synthetic):
  """A step of the classifier, perhaps with half of its images made in it."""
  network = placed(
      wide_resnet(sizes['depth'], sizes['width'], sizes['classes'])
  )
  generator = placed(Generator(sizes['size'], sizes['generator'])).eval()
  codes = functional.normalize(torch.randn(sizes['codes'], CODE, device=DEVICE))
  sgd = torch.optim.SGD(network.parameters(), 0.1, 0.9, nesterov=True)
  numbers = torch.arange(sizes['batch'], device=DEVICE) % len(codes)
  labels = numbers % sizes['classes']
  real = images_of(sizes)

  def step():
    images = real
    if synthetic:
      with torch.no_grad():
        others = partners(numbers, len(codes), sizes['classes'])
        t = 0.1 * torch.randint(1, 5, (len(real), 1), device=DEVICE)
        made = generator(slerp(codes[numbers], codes[others], t))
        coin = torch.rand(len(real), 1, 1, 1, device=DEVICE) < 0.5
        images = torch.where(coin, present(made), real)
    sgd.zero_grad(set_to_none=True)
    functional.cross_entropy(network(images), labels).backward()
    sgd.step()

  return timed(step, sizes['repeats'])


def main():
  sizes = json.loads(sys.argv[1])
  pyramid = Pyramid(sizes['levels'])
  measure = Vgg(sizes['vgg']) if sizes['vgg'] else pyramid
  result = {
      'version': f'{torch.__version__}, {DEVICE}',
      'generator': generator_step(sizes, sizes['codes'], measure),
      'classifier': classifier_step(sizes, False),
      'classifier with synthesis': classifier_step(sizes, True),
      'many codes': {
          str(count): generator_step(sizes, count, pyramid)
          for count in sizes['many']
      },
  }
  print(json.dumps(result))


if __name__ == '__main__':
  main()
