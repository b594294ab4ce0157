"""Label spaces in which the right class is looked for among others.

`joint` is that of Hariharan and Girshick: every image may be taken for every
class. Later papers report two more, which forgive a learner its preference for
base classes, so that numbers of different spaces must never share a column.

References:
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.1.
  Wang, Girshick, Hebert, Hariharan. Low-shot learning from imaginary data.
  CVPR 2018, section 5 (novel classes alone; all classes with a prior).
"""

import chex
import jax
import jax.numpy as jnp

from lsl_jax.evaluation import metrics

SPACES = ('joint', 'own', 'prior')
# What the names of splits end in.
SUFFIXES = {'joint': '', 'own': '_only', 'prior': '_prior'}


def check(spaces: tuple[str, ...], novel_prior: float) -> None:
  """Refuses what is not a label space, or not a prior.

  Args:
    spaces: names of `SPACES`, at least one, each once.
    novel_prior: see `with_prior`.

  Raises:
    ValueError: what is wrong, with what is accepted.
  """
  unknown = [name for name in spaces if name not in SPACES]
  if unknown or not spaces or len(set(spaces)) < len(spaces):
    raise ValueError(
        f'label spaces {spaces!r}: name some of {", ".join(SPACES)}, each once'
    )
  if not 0 < novel_prior < 1:
    raise ValueError(
        f'novel_prior must be between 0 and 1, not {novel_prior}: it is the'
        ' share of test images that are expected to be novel'
    )


def with_prior(
    logits: jax.Array, num_base: int, *, novel_prior: float
) -> jax.Array:
  r"""Log-probabilities in which each group of classes has a given share.

  .. math:: p(y) = \mu \frac{e^{z_y}}{\sum_{c \text{ novel}} e^{z_c}}
      \text{ for novel } y, \quad (1 - \mu) \frac{e^{z_y}}
      {\sum_{c \text{ base}} e^{z_c}} \text{ for base } y

  Args:
    logits: :math:`z`, `[..., C + N]`, base classes first.
    num_base: C, at least 1; N is at least 1, too.
    novel_prior: :math:`\mu`.

  Returns:
    Logarithms of p, `[..., C + N]`.

  >>> even = with_prior(jnp.array([0.0, 0.0, 7.0]), 2, novel_prior=0.5)
  >>> jnp.exp(even).round(2).tolist()
  [0.25, 0.25, 0.5]
  """
  chex.assert_axis_dimension_gt(logits, -1, num_base)
  base = jax.nn.log_softmax(logits[..., :num_base])
  novel = jax.nn.log_softmax(logits[..., num_base:])
  return jnp.concatenate(
      [base + jnp.log1p(-novel_prior), novel + jnp.log(novel_prior)], -1
  )


def ranks(
    space: str,
    logits: jax.Array,
    labels: jax.Array,
    num_base: int,
    *,
    novel_prior: float,
) -> jax.Array:
  """How many classes of a label space stand before the right one.

  Args:
    space: one of `SPACES`; `own` is that of base classes for images of base
      classes, that of novel ones for the others.
    logits: `[..., C + N]`, base classes first.
    labels: `[...]` int in 0 .. C + N - 1.
    num_base: C.
    novel_prior: of `prior`.

  Returns:
    `[...]` int32, ties and NaN as in `metrics.ranks`.
  """
  if space == 'joint':
    return metrics.ranks(logits, labels)
  if space == 'prior':
    return metrics.ranks(
        with_prior(logits, num_base, novel_prior=novel_prior), labels
    )
  broken = jnp.any(jnp.isnan(logits), -1)
  is_base = labels < num_base
  place = jnp.where(is_base, labels, labels - num_base)
  within = jnp.where(
      is_base,
      metrics.ranks(logits[..., :num_base], place),
      metrics.ranks(logits[..., num_base:], place),
  )
  return jnp.where(broken, logits.shape[-1], within)
