"""VGG-16's convolutions, every layer's result returned by its usual name.

References:
  Simonyan, Zisserman. Very deep convolutional networks for large-scale image
  recognition. ICLR 2015, table 1, column D.
"""

from typing import Any

from flax import linen as nn
import jax

from lsl_jax.models import layers

# How many convolutions each stage has, and channels in units of the width.
_STAGES = ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))


class VGG16(nn.Module):
  """Thirteen 3x3 convolutions in five stages, without the dense layers.

  Attributes:
    width: channels of the first stage.
    axis_name: accepted as every backbone does; there are no batch statistics.
    dtype: of the arithmetic; parameters are float32.
  """

  width: int = 64
  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, images: jax.Array, *, train: bool) -> dict[str, jax.Array]:
    """Runs the network, the same in training and in evaluation.

    Args:
      images: `[B, H, W, 3]`; published weights expect ImageNet's mean and
        standard deviation to be taken out.
      train: without effect.

    Returns:
      `conv1_1`, `relu1_1`, `conv1_2`, ..., `pool5`, each `[B, h, w, d]`; `map`,
      which is `pool5`; and `pooled`, its mean, `[B, D]`.
    """
    del train
    named = {}
    x = images
    for stage, (convolutions, widths) in enumerate(_STAGES, start=1):
      for index in range(1, convolutions + 1):
        name = f'conv{stage}_{index}'
        x = layers.conv(
            widths * self.width, 3, use_bias=True, dtype=self.dtype, name=name
        )(x)
        named[name] = x
        x = nn.relu(x)
        named[f'relu{stage}_{index}'] = x
      x = layers.max_pool(x, 2, 2)
      named[f'pool{stage}'] = x
    return {'map': x, 'pooled': layers.global_mean(x), **named}
