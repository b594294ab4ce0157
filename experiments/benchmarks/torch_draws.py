"""The comparison: loops over draws in PyTorch, as one would write them.

All share the base classes' logits' ingredients and count top-1 alone, which
favours them: the program that they are compared with counts top-5 as well.
"""

from collections.abc import Callable

import numpy as np
import torch  # pyrefly: ignore[missing-import]
from torch.nn.functional import normalize  # pyrefly: ignore[missing-import]


def loops(
    templates: np.ndarray,
    pool: np.ndarray,
    queries: np.ndarray,
    labels: np.ndarray,
    shots: tuple[int, ...],
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
  """Loops over draws `[T, N, K]`, giving right answers `[T, len(shots)]`.

  Args:
    templates: of the base classes, `[C, D]`.
    pool: features from which novel examples are drawn, `[M, D]`.
    queries: `[Q, D]`.
    labels: `[Q]` in the joint label space.
    shots: increasing.

  Returns:
    The loops by name; the first is the plainest.
  """
  base = normalize(torch.from_numpy(templates), dim=1)
  examples = normalize(torch.from_numpy(pool), dim=1)
  tests = normalize(torch.from_numpy(queries), dim=1)
  answers = torch.from_numpy(labels).long()
  columns = torch.tensor(shots) - 1

  def plain(draw):
    """Class means, unit length, one product and argmax a number of shots."""
    right = []
    for n in shots:
      novel = normalize(examples[draw[:, :n]].mean(1), dim=1)
      logits = tests @ torch.cat([base, novel]).T
      right.append((logits.argmax(1) == answers).sum())
    return torch.stack(right)

  base_best, base_class = (tests @ base.T).max(1)

  def cumulative(draw):
    """All numbers of shots from one running sum; base classes scored once."""
    sums = examples[draw].cumsum(1)[:, columns]
    novel = normalize(sums, dim=2).transpose(0, 1).reshape(-1, sums.shape[2])
    logits = (tests @ novel.T).reshape(len(tests), len(shots), -1)
    return _right(*logits.max(2))

  products = examples @ tests.T

  def of_products(draw):
    """The novel logits as sums of inner products that are computed once."""
    total, done, best = 0.0, 0, []
    sums = examples[draw].cumsum(1)[:, columns].norm(dim=2)
    for j, n in enumerate(shots):
      for k in range(done, n):
        total = total + products[draw[:, k]]
      done = n
      best.append((total / sums[:, j, None]).max(0))
    values = torch.stack([value for value, _ in best], 1)
    return _right(values, torch.stack([index for _, index in best], 1))

  def _right(novel_best, novel_class):
    novel_class = novel_class + len(base)
    is_novel = novel_best > base_best[:, None]
    predicted = torch.where(is_novel, novel_class, base_class[:, None])
    return (predicted == answers[:, None]).sum(0)

  def over_draws(evaluate):
    @torch.inference_mode()
    def run(draws):
      rows = [evaluate(draw) for draw in torch.from_numpy(draws).long()]
      return torch.stack(rows).numpy()

    return run

  return {
      'PyTorch loop': over_draws(plain),
      'PyTorch loop, cumulative sums': over_draws(cumulative),
      'PyTorch loop, sums of products': over_draws(of_products),
  }
