"""Proxy-NCA: embeddings near their class's proxy, far from all others.

References:
  Movshovitz-Attias, Toshev, Leung, Ioffe, Singh. No fuss distance metric
  learning using proxies. ICCV 2017.
  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018.
"""

import chex
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity


def proxy_nca(
    embeddings: jax.Array,
    proxies: jax.Array,
    labels: jax.Array,
    *,
    scale: float = 1.0,
) -> jax.Array:
  r"""Neighbourhood component analysis against one trainable proxy a class.

  .. math:: -\log \frac{\exp(-s\, d(x, p_y))}
      {\sum_{z \neq y} \exp(-s\, d(x, p_z))}, \qquad
      d(x, p) = \lVert x - p \rVert^2

  Embeddings and proxies are scaled to unit length here. The denominator leaves
  out the positive proxy, so the loss may be negative: it lies between
  :math:`-4s` and :math:`4s`, both plus :math:`\log(C - 1)`. With the positive
  among the terms it would be the cross-entropy of cosines times :math:`2s`,
  because unit vectors have :math:`d(x, p) = 2 - 2 x^\top p`.

  Args:
    embeddings: :math:`x`, `[B, D]`.
    proxies: :math:`p`, `[C, D]`, C at least two.
    labels: :math:`y`, `[B]` int, in 0 .. C - 1.
    scale: :math:`s`, which the paper does not have: one.

  Returns:
    The loss of each example, `[B]`, in nats.

  Raises:
    ValueError: if there are fewer than two proxies.

  References:
    Qi, Brown, Lowe 2018, eqs. 2-4 (section 3).

  >>> x, proxies = jnp.array([[3.0, 0.0]]), jnp.array([[2.0, 0.0], [0.0, 1.0]])
  >>> proxy_nca(x, proxies, jnp.array([0]))
  Array([-2.], dtype=float32)
  """
  chex.assert_rank([embeddings, proxies, labels], [2, 2, 1])
  chex.assert_equal_shape_prefix([embeddings, labels], 1)
  chex.assert_equal_shape_suffix([embeddings, proxies], 1)
  num_classes = proxies.shape[0]
  if num_classes < 2:
    raise ValueError(
        f'proxy_nca needs at least two proxies, got {num_classes}: an example'
        ' is pushed away from the proxies of other classes'
    )
  distances = scale * similarity.squared_distances(
      similarity.unit(embeddings), similarity.unit(proxies)
  )
  positive = labels[:, None] == jnp.arange(num_classes)[None, :]
  attraction = jnp.sum(jnp.where(positive, distances, 0), axis=-1)
  repulsion = jax.nn.logsumexp(-distances, axis=-1, where=~positive)
  return attraction + repulsion
