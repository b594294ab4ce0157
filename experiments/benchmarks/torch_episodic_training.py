"""The comparison: an episodic training step in PyTorch, as one writes it."""

import time
from typing import Any

import torch  # pyrefly: ignore[missing-import]
import training_tasks as given  # pyrefly: ignore[missing-import]


def make(size: int, width: int, tasks: int, last: bool) -> tuple[Any, float]:
  """PyTorch's step: `(run(steps) -> seconds, first loss)`."""
  nn: Any = torch.nn
  layers, channels = [], 3
  for kernel in given.kernels(width):
    conv = nn.Conv2d(channels, width, 3, padding=1, bias=False)
    conv.weight.data = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
    layers += [conv, nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
    channels = width
  device = 'cuda' if torch.cuda.is_available() else 'cpu'
  network = nn.Sequential(*layers).to(device)
  images = torch.from_numpy(given.images(size, tasks).transpose(0, 3, 1, 2))
  images = images.contiguous().to(device)
  if last:
    network = network.to(memory_format=torch.channels_last)
    images = images.contiguous(memory_format=torch.channels_last)
  optimizer = torch.optim.SGD(network.parameters(), given.RATE, given.MOMENTUM)
  wanted = torch.arange(given.WAY, device=device).repeat_interleave(
      given.QUERIES
  )
  wanted = wanted.repeat(tasks)

  def step():
    optimizer.zero_grad(set_to_none=True)
    embedded = network(images).flatten(1)
    grouped = embedded.reshape(
        tasks, given.WAY, given.SHOTS + given.QUERIES, -1
    )
    prototypes = grouped[:, :, : given.SHOTS].mean(2)
    queries = grouped[:, :, given.SHOTS :].reshape(
        tasks, given.WAY * given.QUERIES, -1
    )
    logits = -torch.cdist(queries, prototypes).square()
    loss = nn.functional.cross_entropy(logits.reshape(-1, given.WAY), wanted)
    loss.backward()
    optimizer.step()
    return loss.detach()

  first = float(step())

  def run(steps: int) -> float:
    start = time.perf_counter()
    losses = [step() for _ in range(steps)]
    float(losses[-1])  # waits for the device
    return (time.perf_counter() - start) / steps

  return run, first
