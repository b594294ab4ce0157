"""The cosine loss: outputs that point where their class does.

References:
  Barz, Denzler. Deep learning on small datasets without pre-training using
  cosine loss. WACV 2020.
"""

import chex
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity


def cosine_loss(
    outputs: jax.Array,
    labels: jax.Array,
    *,
    targets: jax.Array | None = None,
) -> jax.Array:
  r"""One minus the cosine between an output and the vector of its class.

  .. math:: 1 - \frac{\langle f(x), \varphi(y) \rangle}
      {\lVert f(x) \rVert \, \lVert \varphi(y) \rVert}

  Args:
    outputs: :math:`f(x)`, `[B, D]`.
    labels: :math:`y`, `[B]` int, in 0 .. C - 1.
    targets: :math:`\varphi`, one row a class, `[C, D]`; None takes the unit
      vectors of D = C axes, which is the paper's one-hot encoding.

  Returns:
    The loss of each example, `[B]`, from 0 to 2.

  References:
    Barz and Denzler 2020, section 3, eqs. 3 and 4.

  >>> cosine_loss(jnp.array([[3.0, 4.0]]), jnp.array([1])).round(3)  # 1 - 4 / 5
  Array([0.2], dtype=float32)
  """
  chex.assert_rank([outputs, labels], [2, 1])
  chex.assert_equal_shape_prefix([outputs, labels], 1)
  directions = similarity.unit(outputs)
  if targets is None:
    right = jax.nn.one_hot(labels, outputs.shape[-1], dtype=directions.dtype)
  else:
    chex.assert_rank(targets, 2)
    chex.assert_equal_shape_suffix([outputs, targets], 1)
    right = similarity.unit(targets)[labels]
  return 1 - jnp.sum(directions * right, axis=-1)
