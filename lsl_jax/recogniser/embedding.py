"""Unit features of images by a recogniser's network."""

from collections.abc import Sequence
import pathlib
from typing import Any

import jax
import numpy as np

from lsl_jax import data, models, ops
from lsl_jax.data.reading import dense
from lsl_jax.models import installed
from lsl_jax.recogniser import record

# One compiled size; the last batch is filled up.
_BATCH = 8


class Embedder:
  """The network of a recogniser, its weights read and its program compiled.

  Attributes:
    weights: which network, by reference.
    preprocessing: of images.
    num_features: D.
  """

  def __init__(
      self,
      weights: record.Weights,
      preprocessing: record.Preprocessing,
      *,
      location: str | None = None,
  ):
    """Reads the weights.

    Args:
      weights: by reference.
      preprocessing: of images.
      location: where the file of weights is now, if it was moved.

    Raises:
      FileNotFoundError: the file of weights is missing.
      ImportError: the package of weights is not installed.
      ValueError: the weights are others than those referred to.
    """
    self.weights = weights
    self.preprocessing = preprocessing
    path = installed.locate(location or weights.source)
    if not path.is_file():
      raise FileNotFoundError(
          f'the weights {path} are missing; say where they are with --weights'
      )
    if installed.checksum(path) != weights.sha256:
      raise ValueError(
          f'{path}: not the weights that this recogniser was made with (their'
          f' SHA-256 begins with {weights.sha256[:12]})'
      )
    backbone = models.build_backbone(weights.backbone, **weights.options)
    size = preprocessing.size
    images = jax.ShapeDtypeStruct((_BATCH, size, size, 3), np.uint8)

    def features(variables, images):
      images = data.normalise(
          images, mean=preprocessing.mean, std=preprocessing.std
      )
      outputs: Any = backbone.apply(variables, images, train=False)
      return ops.unit(outputs['pooled'])

    self._variables = models.load_backbone(path, weights.backbone, backbone)
    # Now, so that the first image does not wait for it.
    self._forward = jax.jit(features).lower(self._variables, images).compile()
    self.num_features = jax.eval_shape(features, self._variables, images).shape[
        -1
    ]

  def crop(self, image: np.ndarray) -> np.ndarray:
    """`[h, w, 3]` uint8 resized and cropped, `[size, size, 3]` uint8."""
    return dense.fit(
        image,
        self.preprocessing.size,
        resize=self.preprocessing.resize,
        keep_aspect=self.preprocessing.keep_aspect,
    )

  def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
    """Features of crops: m of `[size, size, 3]` uint8 to `[m, D]` float32."""
    size = self.preprocessing.size
    parts = [np.zeros((0, self.num_features), np.float32)]
    for start in range(0, len(crops), _BATCH):
      chosen = crops[start : start + _BATCH]
      batch = np.zeros((_BATCH, size, size, 3), np.uint8)
      batch[: len(chosen)] = np.stack(chosen)
      features = np.asarray(self._forward(self._variables, batch))
      parts.append(features[: len(chosen)])
    return np.concatenate(parts)


def reference(
    backbone: str, source: str, options: dict[str, Any] | None = None
) -> record.Weights:
  """Refers to weights that are here now.

  Args:
    backbone: a name of `lsl_jax.models.BACKBONES`.
    source: a name of `installed.PACKAGES`, or a file, whose path is kept
      absolute.
    options: further attributes of the backbone.

  Returns:
    The reference.

  Raises:
    FileNotFoundError: there is no such file.
    ImportError: the package is not installed.
  """
  path = installed.locate(source)
  if not path.is_file():
    raise FileNotFoundError(
        f'there are no weights {path}; give a torchvision or timm file, or one'
        f' of {", ".join(installed.PACKAGES)}'
    )
  known = source in installed.PACKAGES
  return record.Weights(
      backbone,
      source if known else str(pathlib.Path(path).resolve()),
      installed.checksum(path),
      dict(options or {}),
  )
