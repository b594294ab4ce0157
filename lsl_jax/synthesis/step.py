"""One step of cGLO: networks, and the codes of the batch alone.

References:
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020, algorithm 1.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flax import struct
import jax
import jax.numpy as jnp
import optax

from lsl_jax import types
from lsl_jax.models import perceptual as perceptual_lib
from lsl_jax.synthesis import codes as codes_lib
from lsl_jax.synthesis import generation

Rate = Callable[[jax.Array], jax.Array | float]


class Batch(NamedTuple):
  """Images and the places of their codes, as many from each of P parts.

  Attributes:
    images: `[P, b, H, W, 3]` in 0 .. 1.
    labels: `[P, b]` int32; -1 for an image without a label.
    rows: `[P, b]` int32, rows of `codes.Codes`.
  """

  images: jax.Array
  labels: jax.Array
  rows: jax.Array


class Group(NamedTuple):
  """How one of the networks is trained.

  Attributes:
    optimizer: Optax's, without the learning rate: what it returns is multiplied
      by `rate(step)` and added.
    rate: `step -> learning rate`.
  """

  optimizer: Any
  rate: Rate


@struct.dataclass
class State:
  """Everything that a step reads and writes.

  Attributes:
    step: how many steps have been made, `[]` int32.
    params: by network, `generator` and perhaps `classifier`.
    model_state: the networks' other collections, such as batch_stats.
    opt_state: by network.
    codes: of all images.
  """

  step: jax.Array
  params: Any
  model_state: Any
  opt_state: Any
  codes: codes_lib.Codes

  @property
  def variables(self) -> dict[str, Any]:
    """`{'params': params, **model_state}`, for `Generation.generate`."""
    return {'params': self.params, **self.model_state}


def create(
    variables: types.Variables,
    codes: codes_lib.Codes,
    groups: Mapping[str, Group],
) -> State:
  """The state before the first step.

  Args:
    variables: as `Generation.init` gives them.
    codes: of all images.
    groups: how each network is trained.

  Returns:
    A state with `step` 0.
  """
  params = variables['params']
  return State(
      step=jnp.zeros((), jnp.int32),
      params=params,
      model_state={k: v for k, v in variables.items() if k != 'params'},
      opt_state={
          name: groups[name].optimizer.init(own) for name, own in params.items()
      },
      codes=codes,
  )


def make_step(
    model: generation.Generation,
    groups: Mapping[str, Group],
    *,
    code_rate: Rate,
    b1: float = 0.5,
    b2: float = 0.999,
    eps: float = 1e-8,
    forget_every: int | None = None,
) -> Callable[..., tuple[State, dict[str, jax.Array]]]:
  """A step that updates codes, generator and classifier by one gradient.

  The cost does not depend on how many codes there are. Under jit, with the
  parts of codes and batch divided among devices and all else on each of them,
  only the networks' gradients and batch statistics cross between devices.

  Args:
    model: what is trained.
    groups: how each network is trained.
    code_rate: `step -> learning rate` of the codes.
    b1: of the codes' Adam, see `codes.update`.
    b2: likewise.
    eps: likewise.
    forget_every: steps after which all optimisers begin anew, as they do after
      each epoch in the authors' program; None: never.

  Returns:
    `step(state, batch, key, perceptual) -> (state, metrics)`, pure; the key is
    the run's. Metrics are those of the model, `gradient_norm` of the networks,
    and `finite`: 1 where the loss, the networks and the batch's codes are.
  """
  gradient = jax.value_and_grad(model.loss, argnums=(0, 2), has_aux=True)

  def step(
      state: State,
      batch: Batch,
      key: types.Key,
      perceptual: perceptual_lib.Perceptual,
  ) -> tuple[State, dict[str, jax.Array]]:
    parts, each = batch.rows.shape
    flat = lambda x: x.reshape(parts * each, *x.shape[2:])
    codes = codes_lib.take(state.codes.values, batch.rows)
    (value, (model_state, metrics)), (gradients, code_gradients) = gradient(
        state.params,
        state.model_state,
        flat(codes),
        flat(batch.images),
        flat(batch.labels),
        jax.random.fold_in(key, state.step),
        perceptual,
    )
    period = 0 if forget_every is None else state.step // forget_every
    params, opt_state = {}, {}
    for name, own in state.params.items():
      optimizer, rate = groups[name]
      memory = state.opt_state[name]
      if forget_every is not None:
        memory = optax.tree.where(
            state.step % forget_every == 0, optimizer.init(own), memory
        )
      updates, opt_state[name] = optimizer.update(gradients[name], memory, own)
      updates = optax.tree.scale(rate(state.step), updates)
      params[name] = optax.apply_updates(own, updates)
    new_codes = codes_lib.update(
        state.codes,
        batch.rows,
        code_gradients.reshape(codes.shape),
        learning_rate=code_rate(state.step),
        b1=b1,
        b2=b2,
        eps=eps,
        period=period,
    )
    metrics['gradient_norm'] = optax.tree.norm(gradients)
    metrics['finite'] = _finite((value, params, model_state, code_gradients))
    return (
        State(
            step=state.step + 1,
            params=params,
            model_state=model_state,
            opt_state=opt_state,
            codes=new_codes,
        ),
        metrics,
    )

  return step


def _finite(tree: Any) -> jax.Array:
  """1 where all numbers are finite, else 0."""
  flags = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)]
  return jnp.all(jnp.stack(flags)).astype(jnp.float32)
