"""The comparison: implants trained task by task in PyTorch."""

from collections.abc import Callable

import numpy as np
import torch  # pyrefly: ignore[missing-import]
from torch.nn import functional  # pyrefly: ignore[missing-import]

_CHANNELS = 16
_SCALE = 10.0
_EPSILON = 1e-3


def loop(
    taps: dict[str, np.ndarray],
    support: np.ndarray,
    query: np.ndarray,
    *,
    epochs: int,
) -> Callable[[int], list[float]]:
  """A loop over the first so many tasks, giving each one's accuracy.

  Args:
    taps: what convolutions read, `[M, H, W, F]`, and `map`.
    support: `[T, N, K]` indices.
    query: `[T, N, Q]` indices.
    epochs: steps of AdamW.

  Returns:
    The loop.
  """
  # Channels-last memory, PyTorch's fastest.
  stored = {
      name: (
          torch.from_numpy(np.ascontiguousarray(tap.transpose(0, 3, 1, 2))).to(
              memory_format=torch.channels_last
          )
      )
      for name, tap in taps.items()
  }
  depths = [
      stored['block4_conv1'].shape[1],
      stored['block4_conv2'].shape[1] + _CHANNELS,
      stored['block4_conv3'].shape[1] + _CHANNELS,
  ]
  way, shots = support.shape[1:]
  labels = torch.arange(way).repeat_interleave(shots)
  truth = torch.arange(way).repeat_interleave(query.shape[-1])

  def fresh():
    """A kernel, scale and bias of each convolution; the last is 1x1."""
    made = [
        torch.randn(_CHANNELS, depth, 3, 3) / (9 * depth) ** 0.5
        for depth in depths
    ]
    made.append(torch.randn(_CHANNELS, depths[0], 1, 1) / depths[0] ** 0.5)
    return [
        [kernel, torch.ones(_CHANNELS), torch.zeros(_CHANNELS)]
        for kernel in made
    ]

  def pooled(params, read, statistics=None):
    """Average-pooled widened features `[B, D + channels]`, and statistics."""
    found = []

    def convolve(which, x):
      kernel, scale, bias = params[which]
      y = functional.conv2d(x, kernel, padding=kernel.shape[-1] // 2)
      if statistics is None:  # of these images
        with torch.no_grad():
          variance, mean = torch.var_mean(y, (0, 2, 3), correction=0)
        found.append((which, mean, variance))
        return functional.batch_norm(
            y, None, None, scale, bias, training=True, eps=_EPSILON
        )
      return functional.batch_norm(
          y, *statistics[which], scale, bias, training=False, eps=_EPSILON
      )

    own = functional.silu(convolve(0, read['block4_conv1']))
    own = functional.silu(
        convolve(1, torch.cat([read['block4_conv2'], own], 1))
    )
    own = convolve(2, torch.cat([read['block4_conv3'], own], 1))
    own = functional.silu(own + convolve(3, read['block4_conv1']))
    own = functional.max_pool2d(own, 2)
    features = torch.cat([read['map'], own], 1).mean((2, 3))
    return features, {which: rest for which, *rest in found}

  def take(rows):
    return {
        name: tap[torch.from_numpy(rows.reshape(-1)).long()]
        for name, tap in stored.items()
    }

  def one(task):
    read = take(support[task])
    params = fresh()
    leaves = [leaf.requires_grad_() for layer in params for leaf in layer]
    optimizer = torch.optim.AdamW(leaves, lr=1e-2, weight_decay=1e-4)
    for _ in range(epochs):
      features, _ = pooled(params, read)
      sums = features.reshape(way, shots, -1).sum(1)
      own = functional.cosine_similarity(
          features, (sums[labels] - features) / (shots - 1)
      )
      cosines = (
          functional.normalize(features, dim=-1)
          @ functional.normalize(sums, dim=-1).T
      )
      member = functional.one_hot(labels, way).bool()
      logits = _SCALE * torch.where(member, own[:, None], cosines)
      loss = functional.cross_entropy(logits, labels, reduction='sum')
      optimizer.zero_grad()
      loss.backward()
      optimizer.step()
    with torch.no_grad():
      features, statistics = pooled(params, read)
      sums = features.reshape(way, shots, -1).sum(1)
      queries, _ = pooled(params, take(query[task]), statistics)
      cosines = (
          functional.normalize(queries, dim=-1)
          @ functional.normalize(sums, dim=-1).T
      )
    return (cosines.argmax(-1) == truth).float().mean().item()

  return lambda tasks: [one(task) for task in range(tasks)]
