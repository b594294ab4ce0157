"""Small classifiers that give latent codes the structure of the classes.

References:
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020, sections 3.2 and 5.2.
"""

from typing import Any

from flax import linen as nn
import jax

from lsl_jax.models import layers


class WeakClassifier(nn.Module):
  """Four blocks of convolution, normalisation, leaky ReLU and max-pool.

  The paper only says that it is small, and that a strong one makes images and
  accuracy worse. Widths are those of the authors' program, whose blocks have
  slope 1, which is no nonlinearity, and a leaky ReLU of 0.1 after the pooling.

  Attributes:
    num_classes: C.
    width: channels of every block.
    depth: blocks; one halves the map, until it has a single pixel.
    slope: of the leaky ReLU before the pooling.
    pooled_slope: of the leaky ReLU after the pooling; 1 for none.
    axis_name: mapped axis over which the batch is divided, or None.
    dtype: of the arithmetic; parameters are float32.
  """

  num_classes: int
  width: int = 64
  depth: int = 4
  slope: float = 0.2
  pooled_slope: float = 1.0
  axis_name: str | None = None
  dtype: Any = None

  @nn.compact
  def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
    """Maps images `[B, H, W, 3]` to logits `[B, C]`."""
    norm = layers.batch_norm(train, axis_name=self.axis_name, dtype=self.dtype)
    x = images
    for block in range(1, self.depth + 1):
      x = layers.conv(
          self.width, 3, dtype=self.dtype, name=f'block{block}_conv'
      )(x)
      x = norm(name=f'block{block}_norm')(x)
      x = nn.leaky_relu(x, self.slope)
      if min(x.shape[1:3]) > 1:
        x = layers.max_pool(x, 2, 2)
      x = nn.leaky_relu(x, self.pooled_slope)
    return nn.Dense(self.num_classes, name='logits')(layers.global_mean(x))


class LatentClassifier(nn.Module):
  """Three dense layers on latent codes: Table 4, "Latent classifier".

  Attributes:
    num_classes: C.
    widths: of the hidden layers; the paper gives none, these are its authors'.
    slope: of the leaky ReLU; the paper has a plain one.
    dropout: rate after each hidden layer; the authors' program has 0.4.
  """

  num_classes: int
  widths: tuple[int, ...] = (512, 1024)
  slope: float = 0.0
  dropout: float = 0.0

  @nn.compact
  def __call__(self, codes: jax.Array, *, train: bool) -> jax.Array:
    """Maps codes `[B, Z]` to logits `[B, C]`."""
    x = codes
    for number, width in enumerate(self.widths, start=1):
      x = nn.Dense(width, name=f'dense{number}')(x)
      x = nn.leaky_relu(x, self.slope)
      x = nn.Dropout(self.dropout, deterministic=not train)(x)
    return nn.Dense(self.num_classes, name='logits')(x)
