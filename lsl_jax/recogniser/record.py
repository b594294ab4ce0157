"""What a recogniser is: a network by reference, and the classes it knows."""

from collections.abc import Mapping
import dataclasses
from typing import Any
import unicodedata

import numpy as np

UNKNOWN = 'unknown'  # what is answered where no class fits
_LONGEST_NAME = 200
_LARGEST_SIDE = 4096  # pixels
# How far from 1 the length of a stored unit vector may be.
_TOLERANCE = 1e-3


@dataclasses.dataclass(frozen=True)
class Weights:
  """The network, not its numbers: those are published, or lie in a file.

  Attributes:
    backbone: a name of `lsl_jax.models.BACKBONES`.
    source: a name of `lsl_jax.models.installed.PACKAGES`, or a file's path.
    sha256: of the file, hexadecimal: features of other weights mean nothing.
    options: further attributes of the backbone.
  """

  backbone: str
  source: str
  sha256: str
  options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

  def __post_init__(self):
    texts = (self.backbone, self.source, self.sha256)
    if not all(isinstance(text, str) for text in texts):
      raise ValueError('weights are not described by text')
    if not isinstance(self.options, Mapping):
      raise ValueError('options of the backbone are no mapping')


@dataclasses.dataclass(frozen=True)
class Preprocessing:
  """From an image to what the network takes.

  Attributes:
    size: side of the centre crop, pixels.
    resize: side to which the image is brought before.
    keep_aspect: whether that is the shorter side, or both are.
    mean: taken from each channel, in units of 0 .. 1.
    std: what remains is divided by.
  """

  size: int
  resize: int
  keep_aspect: bool
  mean: tuple[float, float, float]
  std: tuple[float, float, float]

  def __post_init__(self):
    sides = (self.size, self.resize)
    if not all(type(side) is int for side in sides) or not (
        0 < self.size <= self.resize <= _LARGEST_SIDE
    ):
      raise ValueError(
          f'size {self.size} and resize {self.resize} must be whole numbers, 1'
          f' <= size <= resize <= {_LARGEST_SIDE}'
      )
    if type(self.keep_aspect) is not bool:
      raise ValueError('keep_aspect must be true or false')
    if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
      raise ValueError('mean and std must be three numbers, std positive')


@dataclasses.dataclass(frozen=True, eq=False)
class Recogniser:
  """Classes as unit templates, and the examples that they were made from.

  Attributes:
    weights: the network.
    preprocessing: of images.
    class_names: N, all different.
    templates: `[N, D]` float32 of unit length.
    features: of the support examples, `[S, D]` float32 of unit length.
    labels: their classes, `[S]` int32.
    support_names: S, what the examples were called.
    thumbnails: S small JPEG files.
    keep: share of examples of known classes that shall not be called unknown.

  Raises:
    ValueError: the parts do not fit together.
  """

  weights: Weights
  preprocessing: Preprocessing
  class_names: tuple[str, ...]
  templates: np.ndarray
  features: np.ndarray
  labels: np.ndarray
  support_names: tuple[str, ...]
  thumbnails: tuple[bytes, ...]
  keep: float = 0.95

  def __post_init__(self):
    for name in self.class_names:
      check_name(name)
    if len(set(self.class_names)) < len(self.class_names):
      raise ValueError('two classes have the same name')
    if type(self.keep) is not float or not 0 < self.keep < 1:
      raise ValueError(f'keep must lie between 0 and 1, not {self.keep}')
    _check_units('templates', self.templates, len(self.class_names))
    _check_units('features', self.features, len(self.labels))
    if self.templates.shape[1:] != self.features.shape[1:]:
      raise ValueError(
          f'templates have {self.templates.shape[1]} numbers, features'
          f' {self.features.shape[1]}'
      )
    if self.labels.dtype != np.int32 or self.labels.ndim != 1:
      raise ValueError(f'labels are {self.labels.dtype}, not int32')
    num_supports = len(self.labels)
    if len(self.support_names) != num_supports:
      raise ValueError(f'{num_supports} examples need as many names')
    if len(self.thumbnails) != num_supports:
      raise ValueError(f'{num_supports} examples need as many thumbnails')
    shown = np.unique(self.labels)
    if not np.array_equal(shown, np.arange(len(self.class_names))):
      raise ValueError(
          f'labels {shown.tolist()[:10]} are not those of'
          f' {len(self.class_names)} classes, each with an example'
      )

  @property
  def counts(self) -> np.ndarray:
    """`[N]` examples of each class."""
    return np.bincount(self.labels, minlength=len(self.class_names))


def empty(
    weights: Weights,
    preprocessing: Preprocessing,
    num_features: int,
    *,
    keep: float = 0.95,
) -> Recogniser:
  """A recogniser that knows no class yet."""
  nothing = np.zeros((0, num_features), np.float32)
  return Recogniser(
      weights,
      preprocessing,
      (),
      nothing,
      nothing,
      np.zeros(0, np.int32),
      (),
      (),
      keep,
  )


def check_name(name: str) -> str:
  """Refuses names of classes that could not be written down and read again.

  Raises:
    ValueError: the name is empty, too long, 'unknown', begins or ends with a
      space, or has control characters or bytes that are no UTF-8.
  """
  reason = ''
  if not name or name != name.strip():
    reason = 'it is empty, or begins or ends with a space'
  elif len(name) > _LONGEST_NAME:
    reason = f'it has {len(name)} characters, more than {_LONGEST_NAME}'
  elif name == UNKNOWN:
    reason = 'that is the answer where no class fits'
  elif any(unicodedata.category(c) in ('Cc', 'Cs', 'Zl', 'Zp') for c in name):
    reason = 'it has control characters, or bytes that are no UTF-8'
  if reason:
    shown = name[:40].encode(errors='backslashreplace').decode()
    raise ValueError(f'a class cannot be called {shown!r}: {reason}')
  return name


def _check_units(what: str, rows: np.ndarray, count: int) -> None:
  if rows.dtype != np.float32 or rows.ndim != 2 or len(rows) != count:
    raise ValueError(
        f'{what} are {rows.dtype} of shape {rows.shape}, not float32 of shape'
        f' ({count}, D)'
    )
  lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
  # Written so that NaN fails.
  if not np.all(np.abs(lengths - 1) < _TOLERANCE):
    raise ValueError(f'{what} are not all of unit length')
