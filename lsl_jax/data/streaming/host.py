"""Batches of crops made on the host, in threads or in worker processes.

Everything here is plain NumPy and can be pickled.
"""

from collections.abc import Sequence
import dataclasses
from typing import NamedTuple

import numpy as np

from lsl_jax.data.augmentation import geometry
from lsl_jax.data.reading import encoded
from lsl_jax.data.streaming import host_crop
from lsl_jax.data.streaming import order as order_lib

_ATTEMPTS = 20  # Replacements tried for one place before giving up.


class Made(NamedTuple):
  """This process's part of a batch, as a worker hands it over.

  Attributes:
    images: `[b, size, size, 3]` uint8.
    labels: `[b]` int32.
    places: `[b, 2]` int32, the step and the position in the global batch.
    skipped: why images were replaced, by their index.
    error: what went wrong, if the batch could not be made; raised by the
      process that trains, where it can be read.
  """

  images: np.ndarray
  labels: np.ndarray
  places: np.ndarray
  skipped: dict[int, str]
  error: encoded.ImageError | None


@dataclasses.dataclass(frozen=True, eq=False)
class LocalBatch:
  """Makes this process's part of the batch of a step.

  Attributes:
    images: M images, decoded on access.
    labels: `[M]` int32.
    indices: `[m]` which of them are used.
    order: which of those a batch holds.
    positions: `[b]` places of the global batch to be made.
    seed: of the crops.
    crop: what is done to an image.
    skip: whether an unreadable image is replaced.
  """

  images: Sequence[np.ndarray]
  labels: np.ndarray
  indices: np.ndarray
  order: order_lib.Order
  positions: np.ndarray
  seed: int
  crop: host_crop.Crop
  skip: bool

  def __call__(self, step: int) -> Made:
    """The batch; an unreadable image is handed over as an error."""
    skipped: dict[int, str] = {}
    chosen = self.indices[self.order(step)[self.positions]]
    labels = self.labels[chosen]
    places = np.stack(
        [np.full(len(chosen), step), self.positions], axis=-1
    ).astype(np.int32)
    try:
      views = [
          self._view(int(index), step, int(position), skipped)
          for index, position in zip(chosen, self.positions, strict=True)
      ]
      shapes = {view.shape for view in views}
      if len(shapes) > 1:
        raise encoded.ImageError(
            f'Images have several shapes, {sorted(shapes)[:3]}; set the crop'
            ' and its size, or resize.'
        )
      return Made(np.stack(views), labels, places, skipped, None)
    except encoded.ImageError as error:
      empty = np.zeros((0, 0, 0, 3), np.uint8)
      return Made(empty, labels, places, skipped, error)

  def _view(
      self, index: int, step: int, position: int, skipped: dict[int, str]
  ) -> np.ndarray:
    """The crop of an image, or of one that replaces it."""
    bits = order_lib.random_bits(
        geometry.TRIES * 4,
        seed=self.seed,
        where=(order_lib.CROPS, step, position),
    )
    # The 53 upper bits of 64 as a double in [0, 1).
    uniforms = ((bits >> np.uint64(11)) * 2.0**-53).reshape(-1, 4)
    try:
      return self._read(index, uniforms)
    except encoded.ImageError as error:
      if not self.skip:
        raise
      skipped[index] = str(error)
    same = self.indices[self.labels[self.indices] == self.labels[index]]
    draws = order_lib.random_bits(
        _ATTEMPTS,
        seed=self.seed,
        where=(order_lib.REPLACEMENTS, step, position),
    )
    for other in same[(draws % np.uint64(len(same))).astype(np.int64)]:
      try:
        return self._read(int(other), uniforms)
      except encoded.ImageError as error:
        skipped[int(other)] = str(error)
    raise encoded.ImageError(
        f'{_ATTEMPTS} images of class {self.labels[index]} that were to replace'
        f' image {index} cannot be read either; {skipped[index]}'
    )

  def _read(self, index: int, uniforms: np.ndarray) -> np.ndarray:
    """Image `index`, cropped; any failure is an error that names the image."""
    try:
      image = np.asarray(self.images[index])
      if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise encoded.ImageError(
            f'is {image.dtype} of shape {image.shape}; accepted is uint8 [h, w,'
            ' 3]'
        )
      return self.crop(image, uniforms)
    except Exception as error:  # A source of images may raise anything.
      what = f'{type(error).__name__}: ' * (
          not isinstance(error, encoded.ImageError)
      )
      raise encoded.ImageError(f'image {index}: {what}{error}') from error
