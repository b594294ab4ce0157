"""What the page asks for, done on the recogniser's file in the workdir.

Nothing else is written: pictures are decoded in memory, and what stays of them
are features and thumbnails in that one file.
"""

import base64
import pathlib
import threading
from typing import Any

from lsl_jax import recogniser
from lsl_jax.data.reading import encoded
from lsl_jax.recogniser import starting

FILE = 'recogniser.safetensors'
# A 50 megapixel photograph takes 150 MB when decoded.
_MAX_PIXELS = 50_000_000
_NEAREST = 4


class Teacher:
  """Teaches, asks and lists; safe to call from several threads.

  Attributes:
    path: of the recogniser's file.
  """

  def __init__(self, workdir: str, backbone: str, weights: str | None):
    """Reads the recogniser, or begins one.

    Args:
      workdir: folder of the file.
      backbone: of a new recogniser.
      weights: of a new recogniser, or where those of an old one are now.

    Raises:
      FileNotFoundError: weights are missing.
      ImportError: their package is.
      ValueError: the file or the weights are not what they should be.
    """
    self.path = pathlib.Path(workdir) / FILE
    # One picture at a time: decoded ones are large.
    self._turn = threading.Lock()
    if self.path.exists():
      known = recogniser.read(self.path)
      self._embed = recogniser.Embedder(
          known.weights, known.preprocessing, location=weights
      )
      return
    self._embed = starting.embedder(backbone, weights)
    with recogniser.alone(self.path):
      if not self.path.exists():
        recogniser.write(self.path, starting.begun(self._embed))

  def classes(self) -> dict[str, Any]:
    """Names, counts and a picture of each class, and the threshold."""
    known = recogniser.read(self.path)
    first = [list(known.labels).index(c) for c in range(len(known.class_names))]
    return {
        'classes': [
            {
                'name': name,
                'count': int(count),
                'image': _picture(known, example),
            }
            for name, count, example in zip(
                known.class_names, known.counts, first, strict=True
            )
        ],
        'threshold': recogniser.threshold(known),
    }

  def teach(self, class_name: str, file_name: str, data: bytes) -> None:
    """Adds one picture to a class; ValueError where it cannot be."""
    recogniser.check_name(class_name)
    with self._turn:
      crop = self._crop(file_name, data)
      features = self._embed([crop])
    with recogniser.alone(self.path):
      known = recogniser.read(self.path)
      starting.check_same(known, self._embed)
      recogniser.write(
          self.path,
          recogniser.add(
              known, class_name, features, [crop], [file_name[-100:]]
          ),
      )

  def ask(self, file_name: str, data: bytes) -> dict[str, Any]:
    """Names one picture; ValueError where it cannot be."""
    with self._turn:
      features = self._embed([self._crop(file_name, data)])
    known = recogniser.read(self.path)
    starting.check_same(known, self._embed)
    (one,) = recogniser.answer(known, features)
    return {
        'prediction': one.prediction,
        'score': one.score,
        'ranking': [{'name': n, 'score': s} for n, s in one.ranking],
        'nearest': [
            {
                'name': known.class_names[known.labels[i]],
                'image': _picture(known, i),
            }
            for i in one.nearest[:_NEAREST]
        ],
    }

  def forget(self, class_name: str) -> None:
    """Removes a class; ValueError where there is none of that name."""
    with recogniser.alone(self.path):
      known = recogniser.read(self.path)
      recogniser.write(self.path, recogniser.remove(known, class_name))

  def _crop(self, file_name: str, data: bytes):
    image = encoded.decode(data, file_name, max_pixels=_MAX_PIXELS)
    return self._embed.crop(image)


def _picture(known: recogniser.Recogniser, example: int) -> str:
  data = base64.b64encode(known.thumbnails[example]).decode()
  return f'data:image/jpeg;base64,{data}'
