"""Learning rates as functions of the step, from recipes that count epochs."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lsl_jax.training import recipe

Schedule = Callable[[Any], jax.Array]  # step -> learning rate, [] float32

_WARM_UP = {'warm_up': 0.0, 'warm_up_from': 0.0}


def make(
    spec: Any,
    *,
    learning_rate: float,
    steps_per_epoch: float,
    num_steps: int,
) -> Schedule:
  r"""A schedule from its recipe.

  | name | settings | rate in epoch e = t / steps_per_epoch |
  |---|---|---|
  | `constant` | | :math:`r` |
  | `step` | `boundaries` (epochs), `factor` | :math:`r f^{|\{b \le e\}|}` |
  | `exponential` | `rate`, `every` (epochs) | a factor of `rate`, staircase |
  | `cosine` | `final` (a fraction of r) | half a cosine from r down |
  | `restarts` | `cycle` (epochs), `factor`, `final` | one after another |

  A list as `factor` gives every boundary its own. Every schedule also takes
  `warm_up` (epochs) and `warm_up_from`: its rate is multiplied by a line from
  `warm_up_from` up to 1 at the end of the warm-up. The cosine begins there;
  the other schedules count epochs from the start of training. `restarts` is
  SGDR: half cosines, each `factor` times as long as the one before.

  Args:
    spec: the recipe, a mapping or object with `name` and the settings above.
    learning_rate: r, the rate before any decay.
    steps_per_epoch: updates an epoch.
    num_steps: updates of the whole run, where the cosine ends.

  Returns:
    A function of the step, traceable.

  Raises:
    ValueError: an unknown name or setting, or a value out of range.

  >>> halve = make({'name': 'exponential', 'rate': 0.5, 'every': 2},
  ...              learning_rate=1.0, steps_per_epoch=10, num_steps=100)
  >>> [float(halve(step)) for step in (0, 19, 20, 40)]
  [1.0, 1.0, 0.5, 0.25]
  """
  settings = recipe.mapping(spec)
  name = settings.pop('name', 'constant')
  build, required, defaults = recipe.choose(_SCHEDULES, name, 'schedule')
  settings = recipe.read(
      settings,
      f'schedule {name!r}',
      required=required,
      defaults={**defaults, **_WARM_UP},
  )
  warm_up = round(settings.pop('warm_up') * steps_per_epoch)
  start = settings.pop('warm_up_from')
  if warm_up < 0 or (warm_up and warm_up >= num_steps):
    raise ValueError(
        f'schedule {name!r}: a warm-up of {warm_up} steps does not fit a run '
        f'of {num_steps}.'
    )
  decay = build(
      steps_per_epoch=steps_per_epoch,
      first=warm_up,
      last=num_steps,
      **settings,
  )

  def schedule(step):
    step = jnp.asarray(step, jnp.float32)
    rate = learning_rate * decay(step)
    if warm_up:
      done = jnp.minimum(step / warm_up, 1.0)
      rate = rate * (start + (1.0 - start) * done)
    return jnp.asarray(rate, jnp.float32)

  return schedule


def _constant(**_):
  return lambda step: jnp.ones_like(step)


def _step(*, boundaries, factor, steps_per_epoch, **_):
  """Multiplies the rate at every boundary."""
  boundaries = tuple(boundaries)
  factors = (
      tuple(factor)
      if hasattr(factor, '__len__')
      else (factor,) * len(boundaries)
  )
  if len(factors) != len(boundaries):
    raise ValueError(
        f"schedule 'step': {len(boundaries)} boundaries need as many factors, "
        f'or one number; there are {len(factors)}.'
    )
  if list(boundaries) != sorted(boundaries):
    raise ValueError(
        f"schedule 'step': boundaries must ascend; they are {boundaries}."
    )
  steps = [round(boundary * steps_per_epoch) for boundary in boundaries]

  def decay(step):
    scale = jnp.ones_like(step)
    for boundary, each in zip(steps, factors, strict=True):
      scale = jnp.where(step >= boundary, scale * each, scale)
    return scale

  return decay


def _exponential(*, rate, every, steps_per_epoch, **_):
  """Multiplies the rate by the same number at equal distances (a staircase)."""
  period = round(every * steps_per_epoch)
  if period < 1:
    raise ValueError(
        f"schedule 'exponential': every={every} epochs is less than one step."
    )
  return lambda step: jnp.asarray(rate, jnp.float32) ** jnp.floor(step / period)


def _cosine(*, final, first, last, **_):
  """Half a cosine from 1 after the warm-up to `final` at the last step."""

  def decay(step):
    done = jnp.clip((step - first) / (last - first), 0.0, 1.0)
    return final + (1.0 - final) * 0.5 * (1.0 + jnp.cos(jnp.pi * done))

  return decay


def _restarts(*, cycle, factor, final, steps_per_epoch, last, **_):
  """Half cosines, the first of `cycle` epochs, each `factor` times as long."""
  length = cycle * steps_per_epoch
  if length < 1 or factor < 1:
    raise ValueError(
        f"schedule 'restarts': cycle={cycle} epochs must be at least one step,"
        f' factor={factor} at least 1.'
    )
  starts, lengths = [], []
  start = 0.0
  while start < last:
    starts.append(start)
    lengths.append(length)
    start, length = start + length, length * factor

  def decay(step):
    own = jnp.searchsorted(jnp.array(starts), step, side='right') - 1
    done = (step - jnp.array(starts)[own]) / jnp.array(lengths)[own]
    return final + (1.0 - final) * 0.5 * (1.0 + jnp.cos(jnp.pi * done))

  return decay


# name: (builder, settings without a default, settings with one)
_SCHEDULES = {
    'constant': (_constant, (), {}),
    'step': (_step, ('boundaries', 'factor'), {}),
    'exponential': (_exponential, ('rate', 'every'), {}),
    'cosine': (_cosine, (), {'final': 0.0}),
    'restarts': (_restarts, ('cycle',), {'factor': 2.0, 'final': 0.0}),
}
