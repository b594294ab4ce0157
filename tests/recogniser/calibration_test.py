"""The threshold of the unknown is the one that the supports tell."""

import dataclasses

import numpy as np
import pytest

from lsl_jax import recogniser
from lsl_jax.recogniser import calibration


def loops(known):
  """Each example against the others of its class, one after the other."""
  scores = []
  for i, label in enumerate(known.labels):
    others = [
        np.float64(known.features[j])
        for j in range(len(known.labels))
        if known.labels[j] == label and j != i
    ]
    if others:
      total = sum(others)
      scores.append(
          np.dot(np.float64(known.features[i]), total)
          / np.sqrt(np.dot(total, total))
      )
  return scores


def random_units(rng, count, size=6):
  x = rng.normal(size=(count, size))
  return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def mixed(nothing, rng):
  """Classes of 4, 1 and 2 examples with random features."""
  size = nothing.features.shape[1]
  known = nothing
  for name, count in (('a', 4), ('b', 1), ('c', 2)):
    crops = [np.zeros((8, 8, 3), np.uint8)] * count
    names = [f'{name}{i}' for i in range(count)]
    known = recogniser.add(
        known, name, random_units(rng, count, size), crops, names
    )
  return known


def test_scores_are_those_of_leaving_each_example_out(mixed):
  scores = calibration.genuine_scores(mixed)
  assert len(scores) == 6  # the single example of b tells nothing
  np.testing.assert_allclose(scores, loops(mixed), atol=1e-12)


@pytest.mark.parametrize('keep', [0.5, 0.8, 0.95])
def test_the_share_of_examples_that_is_kept_is_the_one_asked_for(mixed, keep):
  mixed = dataclasses.replace(mixed, keep=keep)
  limit = recogniser.threshold(mixed)
  scores = np.array(loops(mixed))
  assert np.mean(scores >= limit) >= keep - 1 / len(scores)
  assert min(scores) <= limit <= max(scores)


def test_with_single_examples_the_threshold_is_above_mistakes(mixed):
  single = recogniser.remove(recogniser.remove(mixed, 'a'), 'c')
  assert recogniser.threshold(single) == -1  # one example alone tells nothing
  other = recogniser.add(
      single, 'd', mixed.features[:1], [np.zeros((8, 8, 3), np.uint8)], ['d']
  )
  cosine = float(other.features[0] @ other.features[1])
  np.testing.assert_allclose(recogniser.threshold(other), cosine, atol=1e-6)


def test_no_class_at_all_has_a_threshold_too(nothing):
  assert recogniser.threshold(nothing) == -1


def test_answers_rank_classes_and_examples(embed, known, squares):
  images = [embed.crop(squares(name, 50)) for name in ('blue', 'red')]
  features = embed(images)
  answers = recogniser.answer(known, features, threshold=-1.0, top=2)
  assert [a.prediction for a in answers] == ['blue', 'red']
  for one, feature in zip(answers, features, strict=True):
    cosines = known.templates @ feature
    order = np.argsort(-cosines)[:2]
    assert [n for n, _ in one.ranking] == [known.class_names[i] for i in order]
    np.testing.assert_allclose(one.score, cosines.max(), atol=1e-6)
    similar = known.features @ feature
    assert one.nearest == tuple(np.argsort(-similar)[:2])


def test_an_image_below_the_threshold_is_unknown_but_ranked(embed, known):
  features = embed([np.zeros((32, 32, 3), np.uint8)])
  (one,) = recogniser.answer(known, features, threshold=1.1)
  assert one.prediction == recogniser.UNKNOWN
  assert len(one.ranking) == 3


def test_a_recogniser_without_classes_cannot_answer(nothing):
  with pytest.raises(ValueError, match='knows no class yet'):
    recogniser.answer(nothing, nothing.features)
