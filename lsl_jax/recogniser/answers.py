"""What a recogniser says to features: classes, scores, nearest examples."""

from typing import NamedTuple

import numpy as np

from lsl_jax.recogniser import calibration, record


class Answer(NamedTuple):
  """To one image.

  Attributes:
    prediction: the class, or 'unknown'.
    score: the cosine of the best class, -1 to 1.
    ranking: classes and their cosines, best first.
    nearest: indices of the most similar support examples, best first.
  """

  prediction: str
  score: float
  ranking: tuple[tuple[str, float], ...]
  nearest: tuple[int, ...]


def answer(
    recogniser: record.Recogniser,
    features: np.ndarray,
    *,
    threshold: float | None = None,
    top: int = 5,
) -> list[Answer]:
  """Names each image, or says that it is of no known class.

  Args:
    recogniser: of at least one class.
    features: `[m, D]` of unit length.
    threshold: the least cosine of a known class; by default the calibrated one.
    top: how many classes and how many examples to rank.

  Returns:
    One answer an image. Equal scores are ordered by class index.

  Raises:
    ValueError: the recogniser knows no class.
  """
  if not recogniser.class_names:
    raise ValueError('the recogniser knows no class yet; add one first')
  if threshold is None:
    threshold = calibration.threshold(recogniser)
  scores = features @ recogniser.templates.T
  best = np.argsort(-scores, axis=1, kind='stable')[:, :top]
  similar = features @ recogniser.features.T
  nearest = np.argsort(-similar, axis=1, kind='stable')[:, :top]
  answers = []
  for row, ranked, close in zip(scores, best, nearest, strict=True):
    ranking = tuple((recogniser.class_names[c], float(row[c])) for c in ranked)
    name, score = ranking[0]
    if score < threshold:
      name = record.UNKNOWN
    answers.append(Answer(name, score, ranking, tuple(map(int, close))))
  return answers
