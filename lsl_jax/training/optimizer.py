"""Optimizers from recipes, with the arithmetic that PyTorch's ones have.

The papers' code is PyTorch's or TensorFlow's, and their recipes name momentum,
dampening and weight decay as those libraries compute them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from lsl_jax.training import recipe, schedules, transforms


class Optimizer(NamedTuple):
  """An Optax transformation that also tells its learning rate.

  Attributes:
    init: `params -> opt_state`.
    update: `(gradients, opt_state, params) -> (updates, opt_state)`.
    learning_rate: `step -> rate`, before the multipliers of subtrees.
  """

  init: Any
  update: Any
  learning_rate: schedules.Schedule


# What a step takes: Optax's own transformations do not tell their rate.
AnyOptimizer = Optimizer | optax.GradientTransformation

_COMMON = {
    'weight_decay': 0.0,
    'weight_decay_mask': 'all',
    'clip_norm': None,
    'clip_each': None,
    'multipliers': {},
    'schedule': {'name': 'constant'},
}
_ADAM = {'b1': 0.9, 'b2': 0.999, 'eps': 1e-8}
_SETTINGS = {
    'sgd': {'momentum': 0.0, 'dampening': 0.0, 'nesterov': False},
    'rmsprop': {'momentum': 0.0, 'decay': 0.99, 'eps': 1e-8},
    'adam': _ADAM,
    'adamw': _ADAM,
}
_MASKS = {
    'all': lambda params: jax.tree.map(lambda _: True, params),
    'kernels': lambda params: jax.tree.map(lambda p: jnp.ndim(p) >= 2, params),
}


def make(spec: Any, *, steps_per_epoch: float, num_steps: int) -> Optimizer:
  r"""An optimizer from its recipe.

  With gradient g (after clipping to the global norm `clip_norm`), parameters
  p, decay w, and rate r of the schedule times the subtree's multiplier:

  | name | settings | update |
  |---|---|---|
  | `sgd` | `momentum`, `dampening`, `nesterov` | g += wp; p -= r momentum(g) |
  | `rmsprop` | `momentum`, `decay`, `eps` | g += wp; p -= r momentum(g / s) |
  | `adam` | `b1`, `b2`, `eps` | g += wp; p -= r m^ / (sqrt v^ + eps) |
  | `adamw` | `b1`, `b2`, `eps` | p -= r (m^ / (sqrt v^ + eps) + wp) |

  `momentum` is `transforms.momentum`; m^ and v^ are Adam's moments without
  bias; RMSProp's s is sqrt v + eps with v = d v + (1 - d) g^2 from v = 0, and
  d is `decay`. All of them also take

  * `learning_rate`, the one setting without a default;
  * `schedule`, see `schedules.make`, by default constant;
  * `clip_norm`, None for none;
  * `clip_each`, the same for each array of the parameters by itself, as
    TF-slim clips;
  * `weight_decay` and `weight_decay_mask`: 'all', or 'kernels', which are the
    arrays of two axes or more: no biases, no scales, nothing of normalisation;
  * `multipliers`, factors on the learning rate (and so on AdamW's decay) of
    top-level entries of the parameters, such as `{'classifier': 10.0}` for a
    new layer or 0.0 for a frozen one.

  Args:
    spec: the recipe, a mapping or object with `name` and the settings above.
    steps_per_epoch: updates an epoch, for schedules that count epochs.
    num_steps: updates of the whole run.

  Returns:
    The optimizer.

  Raises:
    ValueError: an unknown name, setting, mask or schedule; or, in `init`, a
      multiplier for an entry that the parameters do not have.
  """
  given = recipe.mapping(spec)
  if 'name' not in given:
    raise ValueError(
        f'optimizer needs a name. Valid: {", ".join(sorted(_SETTINGS))}.'
    )
  name = given.pop('name')
  own = recipe.choose(_SETTINGS, name, 'optimizer')
  settings = recipe.read(
      given,
      f'optimizer {name!r}',
      required=('learning_rate',),
      defaults={**_COMMON, **own},
  )
  rate = schedules.make(
      settings['schedule'],
      learning_rate=settings['learning_rate'],
      steps_per_epoch=steps_per_epoch,
      num_steps=num_steps,
  )
  mask = recipe.choose(
      _MASKS, settings['weight_decay_mask'], 'weight_decay_mask'
  )
  decay = _skip_unless(
      settings['weight_decay'], optax.add_decayed_weights, mask=mask
  )
  direction = _direction(name, settings)
  chain = optax.chain(
      _skip_unless(settings['clip_norm'], optax.clip_by_global_norm),
      _skip_unless(settings['clip_each'], transforms.clip_each),
      *((direction, decay) if name == 'adamw' else (decay, direction)),
      transforms.scale_subtrees(recipe.mapping(settings['multipliers'] or {})),
      optax.scale_by_learning_rate(rate),
  )
  return Optimizer(chain.init, chain.update, rate)


def _skip_unless(value, transform, **settings):
  """A transformation with this setting, or none where it is 0 or None."""
  return transform(value, **settings) if value else optax.identity()


def _direction(name: str, settings: Mapping[str, Any]):
  """The step's direction before the learning rate."""
  if name in ('adam', 'adamw'):
    return optax.scale_by_adam(
        settings['b1'], settings['b2'], eps=settings['eps']
    )
  if name == 'rmsprop':
    return optax.chain(
        optax.scale_by_rms(
            settings['decay'], eps=settings['eps'], eps_in_sqrt=False
        ),
        transforms.momentum(settings['momentum']),
    )
  return transforms.momentum(
      settings['momentum'],
      dampening=settings['dampening'],
      nesterov=settings['nesterov'],
  )
