"""How Dynamic FSL's second stage is trained: sizes, rates, and their check.

References:
  Gidaris, Komodakis. Dynamic few-shot visual learning without forgetting. CVPR
  2018 (numbers as in the authors' code).
"""

import dataclasses

import jax.numpy as jnp
import numpy as np
import optax

from lsl_jax.models import weight_generator as generator_lib


@dataclasses.dataclass(frozen=True)
class Stage:
  """How the weight generator is trained; the defaults are miniImageNet's.

  Attributes:
    way: fake novel classes an episode (250 of 389 on ImageNet).
    shots: K, support examples of each.
    novel_queries: queries of a fake novel class (6 on ImageNet).
    base_queries: queries of the other classes together (750 on ImageNet).
    tasks: episodes a step (1 on ImageNet).
    steps: of the whole training; 60 epochs of 1000.
    learning_rates: one for each part of the training (0.01 and 0.001 on
      ImageNet).
    boundaries: where one part ends, as shares of all steps.
    momentum: Nesterov's.
    weight_decay: on all that is trained.
    dropout: share of features left out (0.5 on ImageNet).
    attention: see `models.WeightGenerator`.
    scale: likewise.
  """

  way: int = 5
  shots: int = 5
  novel_queries: int = 3
  base_queries: int = 15
  tasks: int = 8
  steps: int = 60_000
  learning_rates: tuple[float, ...] = (0.1, 0.006, 0.0012, 0.00024)
  boundaries: tuple[float, ...] = (1 / 3, 2 / 3, 5 / 6)
  momentum: float = 0.9
  weight_decay: float = 5e-4
  dropout: float = 0.0
  attention: bool = True
  scale: float = 10.0

  def __post_init__(self):
    if len(self.learning_rates) != len(self.boundaries) + 1:
      raise ValueError(
          f'{len(self.boundaries)} boundaries divide training into'
          f' {len(self.boundaries) + 1} parts, learning_rates has'
          f' {len(self.learning_rates)}'
      )

  @property
  def generator(self) -> generator_lib.WeightGenerator:
    """The generator that is trained."""
    return generator_lib.WeightGenerator(self.scale, self.attention)


def staircase(stage: Stage) -> optax.Schedule:
  """The learning rate of each step."""
  rates = stage.learning_rates
  ends = [round(share * stage.steps) for share in stage.boundaries]

  def rate(step):
    return jnp.array(rates)[jnp.sum(step >= jnp.array(ends, jnp.int32))]

  return rate


def check(labels: np.ndarray, num_classes: int, stage: Stage) -> None:
  """Refuses base classes, or examples, that are too few for the episodes."""
  if stage.way >= num_classes:
    raise ValueError(
        f'{stage.way} of {num_classes} base classes cannot play novel ones:'
        ' some must be left'
    )
  counts = np.bincount(labels, minlength=num_classes)
  needed = stage.shots + stage.novel_queries
  if counts.min() < needed:
    raise ValueError(
        f'base class {int(counts.argmin())} has {counts.min()} examples; an'
        f' episode needs {needed}, {stage.shots} to learn from and'
        f' {stage.novel_queries} to be tested on'
    )
