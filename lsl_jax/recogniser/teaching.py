"""Classes shown to a recogniser, and taken from it, without any training.

A class's template is imprinted: the unit mean of its unit features. Templates
of the other classes keep their bits.

References:
  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
  section 4.2.
"""

from collections.abc import Sequence
import dataclasses
import io

import numpy as np
from PIL import Image

from lsl_jax.recogniser import record

_THUMBNAIL = 96  # pixels


def add(
    recogniser: record.Recogniser,
    class_name: str,
    features: np.ndarray,
    crops: Sequence[np.ndarray],
    names: Sequence[str],
) -> record.Recogniser:
  """Adds examples to a class, which is new where the name is.

  Args:
    recogniser: stays as it is.
    class_name: of all the examples.
    features: `[s, D]` of unit length, s at least 1.
    crops: s images, uint8 `[h, w, 3]`, of which small pictures are kept.
    names: s, what to call the examples.

  Returns:
    The recogniser with these examples.

  Raises:
    ValueError: there is no example, or the name cannot be used.
  """
  record.check_name(class_name)
  if not len(features):
    raise ValueError(f'class {class_name!r} needs at least one image')
  class_names = recogniser.class_names
  if class_name not in class_names:
    class_names = (*class_names, class_name)
  label = class_names.index(class_name)
  labels = np.append(recogniser.labels, [label] * len(features))
  all_features = np.concatenate([recogniser.features, features])
  templates = recogniser.templates
  if label == len(templates):
    templates = np.concatenate([templates, np.zeros_like(features[:1])])
  templates = templates.copy()
  templates[label] = template(all_features[labels == label])
  return dataclasses.replace(
      recogniser,
      class_names=class_names,
      templates=templates,
      features=all_features.astype(np.float32),
      labels=labels.astype(np.int32),
      support_names=(*recogniser.support_names, *names),
      thumbnails=(*recogniser.thumbnails, *map(thumbnail, crops)),
  )


def remove(recogniser: record.Recogniser, class_name: str) -> record.Recogniser:
  """Forgets a class and its examples.

  Args:
    recogniser: stays as it is.
    class_name: which one.

  Returns:
    The recogniser without it.

  Raises:
    ValueError: there is no such class; the message lists those there are.
  """
  if class_name not in recogniser.class_names:
    known = ', '.join(recogniser.class_names) or 'none'
    raise ValueError(f'there is no class {class_name!r}; there are: {known}')
  label = recogniser.class_names.index(class_name)
  kept = np.flatnonzero(recogniser.labels != label)
  labels = recogniser.labels[kept]
  return dataclasses.replace(
      recogniser,
      class_names=tuple(n for n in recogniser.class_names if n != class_name),
      templates=np.delete(recogniser.templates, label, axis=0),
      features=recogniser.features[kept],
      labels=np.where(labels > label, labels - 1, labels).astype(np.int32),
      support_names=tuple(recogniser.support_names[i] for i in kept),
      thumbnails=tuple(recogniser.thumbnails[i] for i in kept),
  )


def template(features: np.ndarray) -> np.ndarray:
  """Unit mean of unit features, `[n, D]` to `[D]`; host arithmetic in float64.

  It equals `lowshot.imprint` up to rounding, without a program to compile for
  each number of examples.

  Raises:
    ValueError: the examples cancel out.
  """
  mean = features.astype(np.float64).mean(axis=0)
  length = np.linalg.norm(mean)
  if not length > 1e-6:
    raise ValueError('the examples of a class cancel each other out')
  return (mean / length).astype(np.float32)


def thumbnail(image: np.ndarray) -> bytes:
  """A small JPEG of an image, uint8 `[h, w, 3]`."""
  small = Image.fromarray(image)
  small.thumbnail((_THUMBNAIL, _THUMBNAIL))
  buffer = io.BytesIO()
  small.save(buffer, 'JPEG', quality=80)
  return buffer.getvalue()
