"""Additive margins between classes: each pair's own, or those of faces.

References:
  Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive
  margin loss. CVPR 2020.
  Wang et al. CosFace: large margin cosine loss for deep face recognition. CVPR
  2018.
  Deng, Guo, Xue, Zafeiriou. ArcFace: additive angular margin loss for deep face
  recognition. CVPR 2019.
"""

import math

import chex
import jax
import jax.numpy as jnp
import optax

# 1 - cosine^2 below which the sine's slope no longer grows.
_EPSILON = 1e-6


def margin_cross_entropy(
    logits: jax.Array, labels: jax.Array, margins: jax.Array
) -> jax.Array:
  r"""Cross-entropy in which wrong classes are ahead by a margin.

  .. math:: -\log \frac{\exp(z_y)}
      {\exp(z_y) + \sum_{k \ne y} \exp(z_k + m_{yk})}

  With one number for all pairs this is the naive additive margin loss (eq. 2),
  with :math:`m_{yk} = \alpha\,\mathrm{sim}(e_y, e_k) + \beta` the
  class-relevant one (eq. 4), with margins that a network makes of a task's
  similarities the task-relevant one (eq. 6), and with zeros the cross-entropy
  (eq. 1). Its gradient with respect to :math:`m_{yk}` is the probability
  :math:`p_k > 0`: a margin that is trained to lower this loss only shrinks.

  Args:
    logits: :math:`z`, `[..., N]`.
    labels: :math:`y`, `[...]` int, in 0 .. N - 1.
    margins: :math:`m`, `[N, N]`, row = true class; the diagonal plays no part.

  Returns:
    The loss of each example, `[...]`, in nats.

  References:
    Li et al. 2020, eqs. 2, 4 and 6.

  >>> margins = jnp.array([[0.0, 0.6931472], [0.0, 0.0]])  # log 2
  >>> margin_cross_entropy(jnp.zeros((1, 2)), jnp.array([0]), margins)  # log 3
  Array([1.0986123], dtype=float32)
  """
  chex.assert_equal_shape_prefix([logits, labels], labels.ndim)
  chex.assert_rank(logits, labels.ndim + 1)
  chex.assert_shape(margins, (logits.shape[-1],) * 2)
  diagonal = jnp.eye(logits.shape[-1], dtype=bool)
  ahead = jnp.where(diagonal, 0, margins)[labels]
  return optax.softmax_cross_entropy_with_integer_labels(logits + ahead, labels)


def cosface(
    cosines: jax.Array,
    labels: jax.Array,
    *,
    scale: jax.Array | float,
    margin: float = 0.35,
) -> jax.Array:
  r"""Additive cosine margin, subtracted from the right class's cosine.

  .. math:: -\log \frac{\exp(s (\cos\theta_y - m))}
      {\exp(s (\cos\theta_y - m)) + \sum_{k \ne y} \exp(s \cos\theta_k)}

  It equals `margin_cross_entropy` of :math:`s \cos\theta` with all margins
  :math:`s m`.

  Args:
    cosines: :math:`\cos\theta`, `[..., N]`.
    labels: :math:`y`, `[...]` int, in 0 .. N - 1.
    scale: :math:`s`, a scalar.
    margin: :math:`m`, a difference of cosines.

  Returns:
    The loss of each example, `[...]`, in nats.

  References:
    Wang et al. 2018, eq. 4; Li et al. 2020, table 4.

  >>> cosface(jnp.array([[1.0, 0.5]]), jnp.array([0]), scale=2.0, margin=0.5)
  Array([0.6931472], dtype=float32)
  """
  right = _check(cosines, labels)
  return optax.softmax_cross_entropy_with_integer_labels(
      scale * jnp.where(right, cosines - margin, cosines), labels
  )


def arcface(
    cosines: jax.Array,
    labels: jax.Array,
    *,
    scale: jax.Array | float,
    margin: float = 0.5,
) -> jax.Array:
  r"""Additive angular margin, added to the right class's angle.

  .. math:: -\log \frac{\exp(s \cos(\theta_y + m))}
      {\exp(s \cos(\theta_y + m)) + \sum_{k \ne y} \exp(s \cos\theta_k)}

  Where :math:`\theta_y + m` would exceed :math:`\pi`, and the cosine rise
  again, :math:`\cos\theta_y - m \sin m` takes its place, as in the authors'
  code: the loss falls with :math:`\cos\theta_y` everywhere.

  Args:
    cosines: :math:`\cos\theta`, `[..., N]`.
    labels: :math:`y`, `[...]` int, in 0 .. N - 1.
    scale: :math:`s`, a scalar.
    margin: :math:`m`, in radians, in 0 .. pi.

  Returns:
    The loss of each example, `[...]`, in nats.

  Raises:
    ValueError: the margin is no angle between 0 and pi.

  References:
    Deng et al. 2019, eq. 3; Li et al. 2020, table 4.

  >>> halfway = jnp.array([[0.5, 0.5]])  # 60 degrees, and 30 more: cosine 0
  >>> loss = arcface(halfway, jnp.array([0]), scale=2.0, margin=math.pi / 6)
  >>> print(f'{loss[0]:.4f}')  # log(1 + e)
  1.3133
  """
  if not 0 <= margin <= math.pi:
    raise ValueError(f'an angular margin lies between 0 and pi, not {margin}')
  right = _check(cosines, labels)
  sines = jnp.sqrt(jnp.maximum(1 - jnp.square(cosines), _EPSILON))
  further = cosines * math.cos(margin) - sines * math.sin(margin)
  beyond = cosines <= math.cos(math.pi - margin)
  further = jnp.where(beyond, cosines - margin * math.sin(margin), further)
  return optax.softmax_cross_entropy_with_integer_labels(
      scale * jnp.where(right, further, cosines), labels
  )


def constant_margin(
    name: str,
    scores: jax.Array,
    labels: jax.Array,
    *,
    scale: jax.Array | float,
    value: float,
) -> jax.Array:
  """The loss under a margin without parameters, by its name.

  Args:
    name: 'none'; 'naive', `value` between all classes; 'cosface' or 'arcface'.
    scores: `[..., N]`; of the last two, cosines.
    labels: `[...]` int, in 0 .. N - 1.
    scale: of the scores, a scalar or what broadcasts against them.
    value: the margin.

  Returns:
    The loss of each example, `[...]`, in nats.

  Raises:
    ValueError: another name.

  References:
    Li et al. 2020, eqs. 1 and 2, and table 4.

  >>> constant_margin(
  ...     'naive', jnp.zeros((1, 2)), jnp.array([0]), scale=1.0, value=0.0)
  Array([0.6931472], dtype=float32)
  """
  angular = {'cosface': cosface, 'arcface': arcface}
  if name in angular:
    return angular[name](scores, labels, scale=scale, margin=value)
  constants = {'none': 0.0, 'naive': value}
  if name not in constants:
    raise ValueError(
        f'no margin without parameters is named {name!r}; accepted:'
        f' {", ".join((*constants, *angular))}'
    )
  way = scores.shape[-1]
  return margin_cross_entropy(
      scale * scores, labels, jnp.full((way, way), constants[name])
  )


def _check(cosines: jax.Array, labels: jax.Array) -> jax.Array:
  """Which entries are the right class's, `[..., N]` bool."""
  chex.assert_equal_shape_prefix([cosines, labels], labels.ndim)
  chex.assert_rank(cosines, labels.ndim + 1)
  return jax.nn.one_hot(labels, cosines.shape[-1], dtype=bool)
