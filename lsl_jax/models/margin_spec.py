"""A margin as a configuration describes it, and remedies for its collapse.

References:
  Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive
  margin loss. CVPR 2020.
"""

import dataclasses
from typing import Any

from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax.models import margins as generators

MARGINS = ('none', 'naive', 'class', 'task', 'cosface', 'arcface')
REMEDIES = ('joint', 'floor', 'mean', 'meta', 'fixed')
LEARNED = ('class', 'task')
ANGULAR = ('cosface', 'arcface')


@dataclasses.dataclass(frozen=True)
class Margin:
  r"""Which margin, and how it is kept from collapsing.

  The gradient of the loss with respect to a margin is a probability, so
  training generator and network together, as the paper's text has it, only
  shrinks margins. `remedy` says what is done about it:

  | remedy | margins are | generator learns from |
  |---|---|---|
  | `joint` | as generated | the margin loss (the paper's text) |
  | `floor` | at least `value` | the margin loss |
  | `mean` | shifted to the mean `value` over each task | the margin loss |
  | `meta` | as generated | other queries' loss after a step, without margin |
  | `fixed` | as generated | nothing: it stays as it was initialised |

  Attributes:
    name: one of `MARGINS`: `none`, `naive` (eq. 2), `class` (eq. 4), `task`
      (eq. 6), or `cosface` and `arcface` (table 4).
    value: the margin of naive, cosface and arcface, the floor, and the mean;
      the paper gives none of them.
    alpha: where `class` starts.
    beta: likewise.
    hidden: see `TaskMargins`.
    sort: likewise.
    affine: likewise.
    remedy: one of `REMEDIES`, for `class` and `task`.
  """

  name: str = 'none'
  value: float = 1.0
  alpha: float = 1.0
  beta: float = 0.0
  hidden: int = 32
  sort: bool = False
  affine: bool = True
  remedy: str = 'joint'

  def __post_init__(self):
    for what, value, valid in (
        ('margin', self.name, MARGINS),
        ('remedy', self.remedy, REMEDIES),
    ):
      if value not in valid:
        raise ValueError(
            f'unknown {what} {value!r}; valid ones: {", ".join(valid)}'
        )

  @property
  def learned(self) -> bool:
    """Whether a generator makes the margins."""
    return self.name in LEARNED

  def generator(self, axis_name: str | None = None) -> nn.Module:
    """The generator of a learned margin, not yet initialised."""
    if self.name == 'class':
      return generators.ClassMargins(self.alpha, self.beta)
    return generators.TaskMargins(
        self.hidden, self.sort, self.affine, axis_name
    )


def generate(
    margin: Margin,
    variables: Any,
    similarities: jax.Array,
    *,
    axis_name: str | None = None,
) -> tuple[jax.Array, Any]:
  """Margins of E tasks in training, the remedy applied.

  Args:
    margin: a learned one.
    variables: of its generator.
    similarities: of each task's classes, `[E, N, N]`.
    axis_name: mapped axis over which tasks are divided, or None.

  Returns:
    Margins `[E, N, N]` and the generator's new state.
  """
  values: Any
  values, state = margin.generator(axis_name).apply(
      variables,
      similarities,
      train=True,
      mutable=[name for name in variables if name != 'params'],
  )
  if margin.remedy == 'fixed':
    values = jax.lax.stop_gradient(values)
  elif margin.remedy == 'floor':
    values = jnp.maximum(values, margin.value)
  elif margin.remedy == 'mean':
    values = values + (margin.value - mean_margin(values))
  return values, state


def mean_margin(margins: jax.Array) -> jax.Array:
  """Mean over each task's pairs: `[E, N, N]` to `[E, 1, 1]`."""
  return jnp.mean(generators.take_others(margins), axis=(1, 2), keepdims=True)


def margin_slope(margins: jax.Array, similarities: jax.Array) -> jax.Array:
  r"""By how much margins rise with similarity: :math:`\alpha`, for `class`.

  The least-squares slope over all pairs of all tasks.

  Args:
    margins: `[E, N, N]`.
    similarities: `[E, N, N]`.

  Returns:
    A scalar; zero where all similarities are alike.
  """
  x = generators.take_others(similarities)
  y = generators.take_others(margins)
  x, y = x - jnp.mean(x), y - jnp.mean(y)
  return jnp.sum(x * y) / jnp.maximum(jnp.sum(jnp.square(x)), 1e-12)
