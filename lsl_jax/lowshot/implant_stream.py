"""The stream of implants beside frozen convolutions, and its parameters.

References:
  Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
  few-shot learning. CVPR 2019, section 3.2.1.
"""

from collections.abc import Mapping
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from lsl_jax.ops import shifted

ACTIVATIONS = {'swish': jax.nn.swish, 'relu': jax.nn.relu, 'none': lambda x: x}
NORMALISATIONS = ('none', 'batch')
_EPSILON = 1e-3  # as in the base network
_LAYERS = 3  # convolutions of a block

Taps = Mapping[str, jax.Array]
Params = Any


@dataclasses.dataclass(frozen=True)
class Stream:
  r"""A stream of few channels beside every convolution of the last blocks.

  The implant at layer l + 1 reads the frozen activation and the implant's own:

  .. math:: a'_{l+1} = f(\theta'_{l+1} * [a_l, a'_l])

  and the first one reads the frozen activation alone. The frozen stream never
  reads an implant. The last layer's activations are pooled as the block's are,
  and joined to the block's.

  Attributes:
    channels: of every implant.
    blocks: how many blocks, counted from the last.
    pool: pooling of each of these blocks: 'valid', 'same' or None.
    activation: after every implant, a name of `ACTIVATIONS`.
    normalisation: 'none', or 'batch': every channel by its mean and variance
      over the support set's images and positions, in training and in testing,
      then scaled and shifted by trained numbers.
    shortcut: whether the block's 1x1 convolution has an implant as well; it
      reads what the block reads, and is added before the last activation.
    init_scale: standard deviation of kernels at the start, times that which
      keeps the variance of what they read (normal, `1 / fan_in`).
  """

  channels: int = 16
  blocks: int = 1
  pool: tuple[str | None, ...] = ('valid',)
  activation: str = 'swish'
  normalisation: str = 'batch'
  shortcut: bool = True
  init_scale: float = 1.0

  def __post_init__(self):
    for name, value, valid in (
        ('activation', self.activation, ACTIVATIONS),
        ('normalisation', self.normalisation, NORMALISATIONS),
    ):
      if value not in valid:
        raise ValueError(
            f'implants: {name} is {value!r}; accepted: {", ".join(valid)}'
        )
    if self.channels < 1 or not 1 <= self.blocks <= 4:
      raise ValueError(
          f'implants: {self.channels} channels in {self.blocks} blocks;'
          ' accepted: at least one channel, 1 to 4 blocks'
      )
    if len(self.pool) != self.blocks:
      raise ValueError(
          f'implants: {len(self.pool)} poolings for {self.blocks} blocks'
      )

  @property
  def block_names(self) -> tuple[str, ...]:
    """Names of the blocks, the lowest first."""
    return tuple(f'block{b}' for b in range(5 - self.blocks, 5))

  def taps(self) -> tuple[str, ...]:
    """Names of the network's outputs that the stream reads, and the map."""
    return (
        *(
            f'{block}_conv{layer}'
            for block in self.block_names
            for layer in range(1, _LAYERS + 1)
        ),
        'map',
    )

  def init(self, key: jax.Array, taps: Taps) -> Params:
    """Fresh parameters: `{block: {layer: {'frozen': ..., 'own': ...}}}`.

    Args:
      key: typed key.
      taps: by name, `[..., H, W, F]`; only their depths are looked at.

    Returns:
      Kernels over the frozen activation `[k, k, F, channels]` and over the
      implants' own `[k, k, channels, channels]`; with batch normalisation
      `scale` and `bias` `[channels]`.
    """
    params: dict[str, Any] = {}
    reads_own = False
    for block in self.block_names:
      layers = {}
      names = [f'conv{layer}' for layer in range(1, _LAYERS + 1)]
      for name in (*names, *(['shortcut'] if self.shortcut else [])):
        size = 1 if name == 'shortcut' else 3
        source = 'conv1' if name == 'shortcut' else name
        own = reads_own or name in names[1:]
        depth = taps[f'{block}_{source}'].shape[-1]
        key, frozen_key, own_key = jax.random.split(key, 3)
        fan_in = size**2 * (depth + (self.channels if own else 0))
        deviation = self.init_scale / fan_in**0.5
        normal = lambda key, rows, size=size, deviation=deviation: (
            deviation
            * jax.random.normal(key, (size, size, rows, self.channels))
        )
        layer = {'frozen': normal(frozen_key, depth)}
        if own:
          layer['own'] = normal(own_key, self.channels)
        if self.normalisation == 'batch':
          layer['scale'] = jnp.ones(self.channels)
          layer['bias'] = jnp.zeros(self.channels)
        layers[name] = layer
      params[block] = layers
      reads_own = True
    return params

  def apply(
      self, params: Params, taps: Taps, statistics: Any = None
  ) -> tuple[jax.Array, Any]:
    """The widened map.

    Args:
      params: of `init`.
      taps: by name, `[B, H, W, F]`.
      statistics: of an earlier call, by which to normalise; None takes those of
        this batch.

    Returns:
      `[B, h, w, D + channels]`, the frozen map first, and the statistics.
    """
    act = ACTIVATIONS[self.activation]
    found: dict[str, Any] = {}
    own: Any = None
    for block, padding in zip(self.block_names, self.pool, strict=True):
      entered = own
      for layer in range(1, _LAYERS + 1):
        name = f'conv{layer}'
        y = self._convolve(
            params[block][name],
            taps[f'{block}_{name}'],
            own,
            f'{block}_{name}',
            statistics,
            found,
        )
        if layer == _LAYERS and self.shortcut:
          y = y + self._convolve(
              params[block]['shortcut'],
              taps[f'{block}_conv1'],
              entered,
              f'{block}_shortcut',
              statistics,
              found,
          )
        own = act(y)
      own = shifted.max_pool(own, padding)
    frozen = taps['map'].astype(jnp.float32)
    return jnp.concatenate([frozen, own], -1), found

  def _convolve(self, layer, frozen, own, name, statistics, found):
    """One implant before its activation; records its statistics."""
    y = shifted.convolve(frozen, layer['frozen'])
    if 'own' in layer:
      y = y + shifted.convolve(own, layer['own'])
    if self.normalisation == 'none':
      return y
    if statistics is None:
      mean = jnp.mean(y, (0, 1, 2))
      variance = jnp.var(y, (0, 1, 2))
    else:
      mean, variance = statistics[name]
    found[name] = (mean, variance)
    y = (y - mean.reshape(1, 1, 1, -1)) * jax.lax.rsqrt(
        variance.reshape(1, 1, 1, -1) + _EPSILON
    )
    return y * layer['scale'].reshape(1, 1, 1, -1) + layer['bias'].reshape(
        1, 1, 1, -1
    )
