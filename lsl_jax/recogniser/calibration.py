"""Below which cosine an image is of no known class, told from the supports."""

import numpy as np

from lsl_jax.recogniser import record


def threshold(recogniser: record.Recogniser) -> float:
  r"""The least cosine with which an image is taken for the best class.

  Every support example of a class with two or more is scored against the
  template of the others of its class, as an unseen image would be:

  .. math:: g_i = \Big\langle f_i,\;
      \frac{\sum_{j \ne i} f_j}{\lVert \sum_{j \ne i} f_j \rVert} \Big\rangle,
      \qquad j \text{ of the class of } i.

  The threshold is the quantile of g below which a share 1 - keep of them lies,
  so about that share of images of known classes will be called unknown; with
  few examples it is near the smallest g. Templates of all n examples are better
  than those of n - 1, so the threshold errs to the side of answering.

  Where no class has two examples, only mistakes can be measured: the threshold
  is then the quantile `keep` of the cosines between an example and the best
  other class. A single example tells nothing: the threshold is -1, and nothing
  is unknown.

  Args:
    recogniser: of any number of classes.

  Returns:
    A cosine, -1 to 1.
  """
  genuine = genuine_scores(recogniser)
  if genuine.size:
    return float(np.quantile(genuine, 1 - recogniser.keep))
  if len(recogniser.class_names) > 1:
    cosines = recogniser.features @ recogniser.templates.T
    cosines[np.arange(len(cosines)), recogniser.labels] = -1
    return float(np.quantile(cosines.max(axis=1), recogniser.keep))
  return -1.0


def genuine_scores(recogniser: record.Recogniser) -> np.ndarray:
  """Cosine of each example with its class's other examples, `[s]` float64."""
  features = recogniser.features.astype(np.float64)
  sums = np.zeros(recogniser.templates.shape)
  np.add.at(sums, recogniser.labels, features)
  several = recogniser.counts[recogniser.labels] > 1
  features, labels = features[several], recogniser.labels[several]
  others = sums[labels] - features
  lengths = np.linalg.norm(others, axis=1)
  return (features * others).sum(axis=1) / np.maximum(lengths, 1e-12)
