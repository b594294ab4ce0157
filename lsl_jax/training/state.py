"""What a training run carries from one step to the next."""

from typing import Any

from flax import struct
import jax
import jax.numpy as jnp

from lsl_jax.training import optimizer as optimizer_lib


@struct.dataclass
class TrainState:
  """Everything that a step reads and writes, and all that is checkpointed.

  Data order, augmentation and dropout need no place here: they are functions
  of the run's seed and of `step`.

  Attributes:
    step: how many updates have been made, `[]` int32.
    params: the trained parameters.
    model_state: the model's other collections, such as `batch_stats`.
    opt_state: the optimizer's memory.
  """

  step: jax.Array
  params: Any
  model_state: Any
  opt_state: Any

  @classmethod
  def create(
      cls, variables: Any, optimizer: optimizer_lib.AnyOptimizer
  ) -> 'TrainState':
    """The state before the first step.

    Args:
      variables: `{'params': ..., **model_state}`, as a Linen `init` gives them.
      optimizer: anything with Optax's `init` and `update`.

    Returns:
      A state with `step` 0.

    Raises:
      ValueError: `variables` has no 'params'.
    """
    if 'params' not in variables:
      raise ValueError(
          "variables need a collection 'params'; they have "
          f'{sorted(variables)}.'
      )
    model_state = {k: v for k, v in variables.items() if k != 'params'}
    params = variables['params']
    return cls(
        step=jnp.zeros((), jnp.int32),
        params=params,
        model_state=model_state,
        opt_state=optimizer.init(params),
    )

  @property
  def variables(self) -> dict[str, Any]:
    """The model's variables, `{'params': params, **model_state}`."""
    return {'params': self.params, **self.model_state}
