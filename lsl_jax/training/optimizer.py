"""Optimizers from recipes, with the arithmetic that PyTorch's ones have.

The papers' code is PyTorch's or TensorFlow's, and their recipes name momentum,
dampening and weight decay as those libraries compute them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from lsl_jax.training import recipe, schedules


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


_COMMON = {
    "weight_decay": 0.0,
    "weight_decay_mask": "all",
    "clip_norm": None,
    "multipliers": {},
    "schedule": {"name": "constant"},
}
_ADAM = {"b1": 0.9, "b2": 0.999, "eps": 1e-8}
_SETTINGS = {
    "sgd": {"momentum": 0.0, "dampening": 0.0, "nesterov": False},
    "rmsprop": {"momentum": 0.0, "decay": 0.99, "eps": 1e-8},
    "adam": _ADAM,
    "adamw": _ADAM,
}
_MASKS = {
    "all": lambda params: jax.tree.map(lambda _: True, params),
    "kernels": lambda params: jax.tree.map(lambda p: jnp.ndim(p) >= 2, params),
}


def make(spec: Any, *, steps_per_epoch: float, num_steps: int) -> Optimizer:
  r"""An optimizer from its recipe.

  With gradient g (after clipping to the global norm `clip_norm`), parameters
  p, decay w, and rate r of the schedule times the subtree's multiplier:

  | name | settings | update |
  |---|---|---|
  | `sgd` | `momentum`, `dampening`, `nesterov` | g += wp; p -= r momentum(g) |
  | `rmsprop` | `momentum`, `decay`, `eps` | g += wp; v = d v + (1 - d) g^2; p -= r momentum(g / (sqrt v + eps)) |
  | `adam` | `b1`, `b2`, `eps` | g += wp; p -= r m^ / (sqrt v^ + eps) |
  | `adamw` | `b1`, `b2`, `eps` | p -= r (m^ / (sqrt v^ + eps) + wp) |

  `momentum` is as in `momentum()` below. Settings of all of them, besides
  `learning_rate`, which has no default: `weight_decay`; `weight_decay_mask`,
  'all' or 'kernels' (arrays of two axes or more: neither biases nor what
  normalisation layers hold nor single scales); `clip_norm`, None for none;
  `multipliers`, a factor on the learning rate (and so on AdamW's decay) for
  top-level entries of the parameters, such as `{'classifier': 10.0}` for a new
  layer or 0.0 for a frozen one; `schedule`, see `schedules.make`.

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
  if "name" not in given:
    raise ValueError(
        f'optimizer needs a name. Valid: {", ".join(sorted(_SETTINGS))}.'
    )
  name = given.pop("name")
  own = recipe.choose(_SETTINGS, name, "optimizer")
  settings = recipe.read(
      given,
      f"optimizer {name!r}",
      required=("learning_rate",),
      defaults={**_COMMON, **own},
  )
  rate = schedules.make(
      settings["schedule"],
      learning_rate=settings["learning_rate"],
      steps_per_epoch=steps_per_epoch,
      num_steps=num_steps,
  )
  mask = recipe.choose(
      _MASKS, settings["weight_decay_mask"], "weight_decay_mask"
  )
  decay = _skip_unless(
      settings["weight_decay"], optax.add_decayed_weights, mask=mask
  )
  direction = _direction(name, settings)
  chain = optax.chain(
      _skip_unless(settings["clip_norm"], optax.clip_by_global_norm),
      *((direction, decay) if name == "adamw" else (decay, direction)),
      scale_subtrees(recipe.mapping(settings["multipliers"] or {})),
      optax.scale_by_learning_rate(rate),
  )
  return Optimizer(chain.init, chain.update, rate)


def _skip_unless(value, transform, **settings):
  """A transformation with this setting, or none where it is 0 or None."""
  return transform(value, **settings) if value else optax.identity()


def _direction(name: str, settings: Mapping[str, Any]):
  """The step's direction before the learning rate."""
  if name in ("adam", "adamw"):
    return optax.scale_by_adam(
        settings["b1"], settings["b2"], eps=settings["eps"]
    )
  if name == "rmsprop":
    return optax.chain(
        optax.scale_by_rms(
            settings["decay"], eps=settings["eps"], eps_in_sqrt=False
        ),
        momentum(settings["momentum"]),
    )
  return momentum(
      settings["momentum"],
      dampening=settings["dampening"],
      nesterov=settings["nesterov"],
  )


class MomentumState(NamedTuple):
  """Whether a buffer has begun, `[]` bool, and the buffers."""

  begun: jax.Array
  buffer: Any


def momentum(
    decay: float, *, dampening: float = 0.0, nesterov: bool = False
) -> optax.GradientTransformation:
  r"""PyTorch's momentum: the first step is undamped.

  .. math:: b_1 = g_1, \quad b_t = m\, b_{t-1} + (1 - \text{dampening})\, g_t

  and the direction is b, or g + m b with Nesterov's correction. With m = 0.9
  and dampening 0.9 a constant gradient moves the parameters by one learning
  rate a step; without dampening, by ten.

  Args:
    decay: m; 0 gives plain gradient descent, which needs no buffer.
    dampening: how much of a new gradient is left out after the first step.
    nesterov: look ahead along the buffer.

  Returns:
    The transformation, without learning rate or sign.

  Raises:
    ValueError: Nesterov's correction without momentum or with dampening.
  """
  if nesterov and (not decay or dampening):
    raise ValueError(
        "nesterov needs momentum > 0 and dampening 0; they are "
        f"{decay} and {dampening}."
    )
  if not decay:
    return optax.identity()

  def init(params):
    return MomentumState(
        jnp.zeros((), bool), jax.tree.map(jnp.zeros_like, params)
    )

  def update(gradients, state, params=None):
    del params
    share = jnp.where(state.begun, 1.0 - dampening, 1.0)
    buffer = jax.tree.map(
        lambda b, g: decay * b + share.astype(g.dtype) * g,
        state.buffer,
        gradients,
    )
    if nesterov:
      direction = jax.tree.map(lambda g, b: g + decay * b, gradients, buffer)
    else:
      direction = buffer
    return direction, MomentumState(jnp.ones((), bool), buffer)

  return optax.GradientTransformation(init, update)


def scale_subtrees(
    multipliers: Mapping[str, float],
) -> optax.GradientTransformation:
  """Multiplies the updates of top-level entries of the parameters.

  Args:
    multipliers: factors by entry; entries that are not named keep theirs.

  Returns:
    The transformation. Its `init` raises ValueError for an entry that the
    parameters do not have.
  """

  def init(params):
    unknown = sorted(set(multipliers) - set(params))
    if unknown:
      raise ValueError(
          f'multipliers name {", ".join(unknown)}, but the parameters have '
          f'{", ".join(sorted(params))}.'
      )
    return optax.EmptyState()

  def update(updates, state, params=None):
    del params
    scaled = {
        name: jax.tree.map(lambda u, m=multipliers.get(name, 1.0): m * u, tree)
        for name, tree in updates.items()
    }
    return scaled, state

  return optax.GradientTransformation(init, update)
