"""The comparison: easyfsl's own sampler and evaluation, as its users run it."""

from collections.abc import Callable

from easyfsl.datasets import FeaturesDataset  # pyrefly: ignore[missing-import]
from easyfsl.methods import (  # pyrefly: ignore[missing-import]
    PrototypicalNetworks,
)
from easyfsl.samplers import TaskSampler  # pyrefly: ignore[missing-import]
from easyfsl.utils import evaluate  # pyrefly: ignore[missing-import]
import numpy as np
import torch  # pyrefly: ignore[missing-import]

# easyfsl 1.5.0 gives its sampler's base class an argument that PyTorch no
# longer takes.
torch.utils.data.Sampler.__init__ = lambda self, data_source=None: None


def loop(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    way: int,
    shots: int,
    queries: int,
) -> Callable[[int], list[float]]:
  """Prototypes by Euclidean distance, on tasks that its sampler draws.

  Args:
    features: `[M, D]`.
    labels: `[M]`.
    way: classes a task.
    shots: examples a class.
    queries: of each class.

  Returns:
    `tasks -> [accuracy over all of them]`, sampling and loading included.
  """
  data = FeaturesDataset(
      labels.tolist(),
      torch.from_numpy(features),
      [str(name) for name in np.unique(labels)],
  )
  method = PrototypicalNetworks(torch.nn.Identity())

  def run(tasks):
    sampler = TaskSampler(data, way, shots, queries, tasks)
    loader = torch.utils.data.DataLoader(
        data, batch_sampler=sampler, collate_fn=sampler.episodic_collate_fn
    )
    return [evaluate(method, loader, device='cpu', use_tqdm=False)]

  return run
