"""Images of any size into one array: decode, resize, centre crop.

Qi, Brown, Lowe (CVPR 2018, section 4) resize both sides to 256 pixels,
whatever that does to the aspect, and test on the centre crop of 224:
`size=224, resize=256`.
"""

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np
from PIL import Image

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.reading import encoded, unreadable


def to_array(
    images: np.ndarray | Sequence[np.ndarray],
    indices: Any = None,
    *,
    size: int,
    resize: int | None = None,
    keep_aspect: bool = False,
    threads: int | None = None,
) -> np.ndarray:
  """Decodes, resizes and centre-crops images, in parallel threads.

  Args:
    images: a sequence of uint8 `[h, w, 3]` arrays, perhaps decoded on access.
    indices: `[m]` which of them; all if None.
    size: side of the result, in pixels.
    resize: side to which an image is resized before the crop; `size` if None.
    keep_aspect: bring the shorter side to `resize`, not both.
    threads: how many threads decode; one a processor if None.

  Returns:
    `[m, size, size, 3]` uint8.

  Raises:
    encoded.ImageError: an image cannot be read; the message names it.
    ValueError: `resize` is smaller than `size`.
    IndexError: an index is out of range.
  """
  indices = np.arange(len(images)) if indices is None else np.asarray(indices)
  array, _ = _decode(
      images, indices, size, resize, keep_aspect, threads, skip=False
  )
  return array


def to_dataset(
    dataset: dataset_lib.Dataset,
    *,
    size: int,
    resize: int | None = None,
    keep_aspect: bool = False,
    bad: str = 'error',
    threads: int | None = None,
) -> dataset_lib.Dataset:
  """The same data set with all its images in one array.

  Args:
    dataset: images of any size.
    size: side of the result, in pixels.
    resize: as in `to_array`.
    keep_aspect: as in `to_array`.
    bad: what an unreadable image does: `'error'` stops, `'skip'` leaves it out,
      with its label, and warns once with the count.
    threads: as in `to_array`.

  Returns:
    A data set whose images are `[M, size, size, 3]` uint8.

  Raises:
    encoded.ImageError: with `bad='error'`, an image cannot be read; with
      `bad='skip'`, none of them can.
    ValueError: `bad` is neither of the two, or `resize` is less than `size`.
  """
  unreadable.check_policy(bad)
  array, errors = _decode(
      dataset.images,
      np.arange(len(dataset)),
      size,
      resize,
      keep_aspect,
      threads,
      skip=bad == 'skip',
  )
  if not errors:
    return dataclasses.replace(dataset, images=array)
  unreadable.report_skipped(dataset.name, list(errors.values()), len(dataset))
  kept = np.ones(len(dataset), bool)
  kept[list(errors)] = False
  return dataclasses.replace(
      dataset,
      images=array[kept],
      labels=dataset.labels[kept],
      is_train=dataset.is_train[kept],
  )


def _decode(
    images: np.ndarray | Sequence[np.ndarray],
    indices: np.ndarray,
    size: int,
    resize: int | None,
    keep_aspect: bool,
    threads: int | None,
    *,
    skip: bool,
) -> tuple[np.ndarray, dict[int, encoded.ImageError]]:
  """The array, and errors by its row; such a row is left black."""
  resize = size if resize is None else resize
  if not 0 < size <= resize:
    raise ValueError(
        f'size must be positive and at most resize, got size={size} and'
        f' resize={resize}'
    )
  if isinstance(images, np.ndarray) and images.shape[1:3] == (resize, resize):
    crop = slice((resize - size) // 2, (resize - size) // 2 + size)
    return images[indices, crop, crop], {}
  array = np.zeros((len(indices), size, size, 3), np.uint8)

  def work(row: int) -> None:
    image = images[int(indices[row])]
    array[row] = fit(image, size, resize=resize, keep_aspect=keep_aspect)

  return array, unreadable.each(len(indices), work, threads=threads, skip=skip)


def fit(
    image: np.ndarray, size: int, *, resize: int, keep_aspect: bool
) -> np.ndarray:
  """One image, resized (bilinear, antialiased) and centre-cropped.

  Args:
    image: `[h, w, 3]` uint8.
    size: side of the result, in pixels.
    resize: side to which both sides, or the shorter one, are brought.
    keep_aspect: whether it is the shorter one.

  Returns:
    `[size, size, 3]` uint8.
  """
  height, width = image.shape[:2]
  if keep_aspect:
    short = min(height, width)
    target = (round(height * resize / short), round(width * resize / short))
  else:
    target = (resize, resize)
  if target != (height, width):
    image = np.asarray(
        Image.fromarray(image).resize(target[::-1], Image.Resampling.BILINEAR)
    )
  top, left = (target[0] - size) // 2, (target[1] - size) // 2
  return image[top : top + size, left : left + size]
