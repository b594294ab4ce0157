"""The one gradient of the house."""

from collections.abc import Callable
from typing import Any

import jax
from jax import lax
import jax.numpy as jnp
import optax

from lsl_jax.training import optimizer as optimizer_lib
from lsl_jax.training import state as state_lib

Metrics = dict[str, jax.Array]
# Further arguments, if any, go to the loss as they are.
Step = Callable[..., tuple[state_lib.TrainState, Metrics]]


def make_step(
    loss: Callable[..., Any],
    optimizer: optimizer_lib.AnyOptimizer,
    *,
    axis_name: str | None = None,
) -> Step:
  """One update of a training state, a pure function.

  Without an axis name the step sees the global batch, and `jit` with a divided
  batch computes what one device would. With one, it sees a device's part of
  the batch (under `pmap`, or `shard_map` with `check_vma=False`): gradients,
  metrics and the model's state are averaged over the axis, and a model with
  batch statistics must be given the same axis name.

  Args:
    loss: `(params, model_state, batch, key, *frozen) -> (scalar, (model_state,
      metrics))`, see `types.Representation.loss`.
    optimizer: Optax's `init` and `update`; where it also has
      `learning_rate(step)`, the metrics tell it.
    axis_name: the mapped axis of devices, if any.

  Returns:
    `step(state, batch, key, *frozen) -> (state, metrics)`. The key is the
    run's: the loss receives `fold_in(key, state.step)`, and with an axis name
    each device its own. What is frozen goes to the loss as it is: arrays that
    it reads and that are not trained, such as another network's weights.
    Metrics are those of the loss, and `loss`, `gradient_norm` (before
    clipping), `learning_rate`, and `finite`: 1 where the loss and everything in
    the new state are finite, else 0.
  """
  gradient = jax.value_and_grad(loss, has_aux=True)
  learning_rate = getattr(optimizer, 'learning_rate', None)

  def step(state, batch, key, *frozen):
    key = jax.random.fold_in(key, state.step)
    if axis_name:
      key = jax.random.fold_in(key, lax.axis_index(axis_name))
    (value, (model_state, metrics)), gradients = gradient(
        state.params, state.model_state, batch, key, *frozen
    )
    metrics = {**metrics, 'loss': value}
    if axis_name:
      gradients, model_state, metrics = _mean_over(
          axis_name, (gradients, model_state, metrics)
      )
    updates, opt_state = optimizer.update(
        gradients, state.opt_state, state.params
    )
    new_state = state_lib.TrainState(
        step=state.step + 1,
        params=optax.apply_updates(state.params, updates),
        model_state=model_state,
        opt_state=opt_state,
    )
    metrics['gradient_norm'] = optax.tree.norm(gradients)
    if learning_rate is not None:
      metrics['learning_rate'] = learning_rate(state.step)
    finite = all_finite((new_state, metrics['loss']))
    metrics['finite'] = finite.astype(jnp.float32)
    return new_state, metrics

  return step


def _mean_over(axis_name, tree):
  """Averages what is fractional; counters are the same on every device."""
  return jax.tree.map(
      lambda leaf: (
          lax.pmean(leaf, axis_name)
          if jnp.issubdtype(leaf.dtype, jnp.inexact)
          else leaf
      ),
      tree,
  )


def all_finite(tree: Any) -> jax.Array:
  """Whether every floating-point number of a tree is finite, `[]` bool."""
  flags = [
      jnp.all(jnp.isfinite(leaf))
      for leaf in jax.tree.leaves(tree)
      if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)
  ]
  return jnp.all(jnp.stack(flags))
