"""The comparison: loops over episodes in PyTorch, as one would write them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch  # pyrefly: ignore[missing-import]
from torch.nn.functional import normalize  # pyrefly: ignore[missing-import]

Loop = Callable[[int], list[float]]


def loops(
    features: np.ndarray,
    labels: np.ndarray,
    classes: np.ndarray,
    support: np.ndarray,
    query: np.ndarray,
    *,
    dense: bool,
) -> dict[str, Loop]:
  """Loops over the first so many tasks, giving each one's accuracy.

  Args:
    features: `[M, D]`, or `[M, H, W, D]` for dense queries.
    labels: `[M]`.
    classes: `[T, N]`.
    support: `[T, N, K]` indices.
    query: `[T, N, Q]` indices.
    dense: whether queries are soft-assigned at every position.

  Returns:
    By name.
  """
  table = torch.from_numpy(features)
  way, shots = support.shape[1:]
  truth = torch.arange(way).repeat_interleave(query.shape[-1])

  def predict(examples, queries):
    """Class scores of one task, from its examples `[N * K, ...]`."""
    if dense:
      examples = examples.mean((1, 2))
      queries = queries.flatten(1, 2)
    prototypes = examples.reshape(way, shots, -1).mean(1)
    cosines = normalize(queries, dim=-1) @ normalize(prototypes, dim=-1).T
    if not dense:
      return cosines
    return torch.softmax(10 * cosines, -1).mean(1)

  @torch.no_grad()
  def tight(tasks):
    found = []
    for t in range(tasks):
      scores = predict(
          table[support[t].reshape(-1)], table[query[t].reshape(-1)]
      )
      found.append((scores.argmax(-1) == truth).float().mean().item())
    return found

  class Images(torch.utils.data.Dataset):
    """Image by image, with its label, as loaders take them."""

    def __len__(self):
      return len(labels)

    def __getitem__(self, index) -> tuple[Any, int]:
      return table[index], int(labels[index])

  @torch.no_grad()
  def loader(tasks):
    batches = [
        np.concatenate([support[t], query[t]], 1).reshape(-1).tolist()
        for t in range(tasks)
    ]

    def collate(items):
      stacked = torch.stack([item for item, _ in items])
      stacked = stacked.reshape(way, -1, *stacked.shape[1:])
      names = [label for _, label in items]
      present = list(dict.fromkeys(names))
      places = torch.tensor([present.index(n) for n in names]).reshape(way, -1)
      return (
          stacked[:, :shots].flatten(0, 1),
          stacked[:, shots:].flatten(0, 1),
          places[:, shots:].flatten(),
      )

    found = []
    for examples, queries, places in torch.utils.data.DataLoader(
        Images(), batch_sampler=batches, collate_fn=collate
    ):
      scores = predict(examples, queries)
      found.append((scores.argmax(-1) == places).float().mean().item())
    return found

  del classes  # in the order of the rows
  return {
      'PyTorch, a sampler, a loader and a loop': loader,
      'PyTorch, a tight loop': tight,
  }
