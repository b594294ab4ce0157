"""A data set and a class split, laid out as the low-shot task they pose."""

import dataclasses
from typing import Any

import numpy as np

from lsl_jax import data


@dataclasses.dataclass(frozen=True)
class Problem:
  """Base and novel classes in one label space, base classes first.

  Attributes:
    name: of the data set.
    images: uint8 `[M, R, R, 3]`, or a sequence of uint8 `[h, w, 3]`.
    labels: `[M]` int32; base classes 0 .. num_base - 1, novel ones after them,
      -1 for images of classes that take no part.
    num_base: C.
    num_novel: N.
    class_names: `C + N` names in the order of the labels.
    is_train: `[M]` bool.
    classes: `C + N` class indices in the data set's own numbering.
    original: `[M]` labels in that numbering.
    original_names: all class names in that numbering.
    in_memory: whether the images are one array of the size to crop from, and
      may be copied to the devices.
  """

  name: str
  images: Any
  labels: np.ndarray
  num_base: int
  num_novel: int
  class_names: tuple[str, ...]
  is_train: np.ndarray
  classes: tuple[int, ...]
  original: np.ndarray
  original_names: tuple[str, ...]
  in_memory: bool

  @property
  def num_classes(self) -> int:
    """C + N."""
    return self.num_base + self.num_novel

  def indices(self, *, base: bool, train: bool) -> np.ndarray:
    """Indices of the base (or novel) images for training (or test)."""
    among = (self.labels >= 0) & ((self.labels < self.num_base) == base)
    return np.flatnonzero(among & (self.is_train == train))


def assemble(
    dataset: data.Dataset,
    base: tuple[int, ...],
    novel: tuple[int, ...],
    *,
    in_memory: bool,
) -> Problem:
  """Numbers base classes from 0, novel classes after them.

  Args:
    dataset: with labels in its own numbering, and images made ready.
    base: class indices in that numbering.
    novel: likewise; the validation or the reported classes.
    classes: `C + N` class indices in the data set's own numbering.
    original: `[M]` labels in that numbering.
    original_names: all class names in that numbering.
    in_memory: whether the images are one array, made ready.

  Returns:
    The problem.
  """
  joint = np.full(len(dataset.class_names), -1, np.int32)
  joint[list(base)] = np.arange(len(base))
  joint[list(novel)] = len(base) + np.arange(len(novel))
  return Problem(
      name=dataset.name,
      images=dataset.images,
      labels=joint[dataset.labels],
      num_base=len(base),
      num_novel=len(novel),
      class_names=tuple(dataset.class_names[i] for i in (*base, *novel)),
      is_train=dataset.is_train,
      classes=(*base, *novel),
      original=dataset.labels,
      original_names=tuple(dataset.class_names),
      in_memory=in_memory,
  )


def crops(
    config: Any, problem: Problem, indices: np.ndarray, *, size: int = 0
) -> np.ndarray:
  """Centre crops of images, as the network sees them before normalisation.

  Args:
    config: the whole config.
    problem: whose images they are.
    indices: of any shape.
    size: side of the crops; 0 for the config's.

  Returns:
    uint8 `[..., size, size, 3]`.
  """
  shape = np.shape(indices)
  flat = data.to_array(
      problem.images,
      np.reshape(indices, -1),
      size=size or config.data.size,
      resize=config.data.resize,
      keep_aspect=config.data.keep_aspect,
  )
  return flat.reshape(*shape, *flat.shape[1:])
