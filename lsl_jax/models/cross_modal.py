"""AM3's mixture of what a class looks like and what it is called.

References:
  Xing, Rostamzadeh, Oreshkin, Pinheiro. Adaptive cross-modal few-shot learning.
  NeurIPS 2019.
"""

import chex
from flax import linen as nn
import jax


class CrossModalMixture(nn.Module):
  r"""Prototypes that lean on word vectors where that helps.

  .. math:: r'_c = \lambda_c r_c + (1 - \lambda_c) g(e_c), \qquad
      \lambda_c = \sigma(h(g(e_c)))

  g and h are two fully connected layers each, with ReLU and dropout between
  them. In the authors' code every one of these layers is batch-normalised and
  has no bias, the last one of g and the gate's single unit included; that is
  the default here, the paper's text has plain layers.

  Attributes:
    hidden: width between two layers.
    dropout: the share of hidden units left out in training; the authors have
      0.7 for miniImageNet, 0.9 for tieredImageNet.
    normalise: whether layers are batch-normalised, over the classes of all
      tasks of the step, instead of having a bias.
    axis_name: mapped axis over which a step's tasks are divided, or None.

  References:
    Xing et al. 2019, eqs. 6 and 7; layers as in the authors' code.
  """

  hidden: int = 300
  dropout: float = 0.7
  normalise: bool = True
  axis_name: str | None = None

  @nn.compact
  def __call__(
      self, prototypes: jax.Array, semantics: jax.Array, *, train: bool
  ) -> jax.Array:
    """Mixes prototypes with transformed word vectors.

    Args:
      prototypes: :math:`r`, `[..., N, D]`.
      semantics: :math:`e`, `[..., N, V]`.
      train: whether units are dropped (by the key 'dropout') and statistics
        are the step's.

    Returns:
      :math:`r'`, `[..., N, D]`.
    """
    chex.assert_equal_shape_prefix([prototypes, semantics], prototypes.ndim - 1)
    size = prototypes.shape[-1]
    words = self._two_layers('transform', semantics, size, train)
    gate = nn.sigmoid(self._two_layers('gate', words, 1, train))
    return gate * prototypes + (1 - gate) * words

  def _two_layers(self, name, x, size, train):
    x = self._layer(f'{name}1', x, self.hidden, train)
    x = nn.Dropout(self.dropout, deterministic=not train)(nn.relu(x))
    return self._layer(f'{name}2', x, size, train)

  def _layer(self, name, x, size, train):
    x = nn.Dense(size, use_bias=not self.normalise, name=name)(x)
    if not self.normalise:
      return x
    return nn.BatchNorm(
        use_running_average=not train,
        momentum=0.9,
        axis_name=self.axis_name,
        name=f'{name}_norm',
    )(x)
