"""The comparison: the steps of benchmarks/cglo.py in PyTorch.

Called by it with the sizes as JSON; prints seconds of each step as JSON. Layers
and losses are the same ones; codes are an embedding with sparse gradients and
PyTorch's SparseAdam; on a CPU arrays lie channels last, its faster way.
"""

import json
import sys
import time

import torch  # pyrefly: ignore[missing-import]
from torch import nn  # pyrefly: ignore[missing-import]
from torch.nn import functional  # pyrefly: ignore[missing-import]
import torch_cglo_networks as networks_lib  # pyrefly: ignore[missing-import]

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
MEAN, STD = (0.507, 0.487, 0.441), (0.267, 0.256, 0.276)


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
  generator = placed(networks_lib.Generator(sizes['size'], sizes['generator']))
  weak = placed(
      networks_lib.Weak(sizes['weak'], sizes['blocks'], sizes['classes'])
  )
  measure = placed(measure)
  codes = nn.Embedding(count, networks_lib.CODE, sparse=True, device=DEVICE)
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
      networks_lib.wide_resnet(sizes['depth'], sizes['width'], sizes['classes'])
  )
  generator = placed(
      networks_lib.Generator(sizes['size'], sizes['generator'])
  ).eval()
  codes = functional.normalize(
      torch.randn(sizes['codes'], networks_lib.CODE, device=DEVICE)
  )
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
  pyramid = networks_lib.Pyramid(sizes['levels'])
  measure = networks_lib.Vgg(sizes['vgg']) if sizes['vgg'] else pyramid
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
