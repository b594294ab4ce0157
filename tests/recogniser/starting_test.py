"""A recogniser finds its weights, and takes no others for them."""

import dataclasses
import shutil

import numpy as np
import pytest

from lsl_jax import recogniser
from lsl_jax.recogniser import starting


def test_features_do_not_depend_on_the_batch(embed, squares):
  crops = [embed.crop(squares('red', seed)) for seed in range(11)]
  together = embed(crops)
  np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
  apart = np.concatenate([embed([crop]) for crop in crops])
  np.testing.assert_allclose(together, apart, atol=1e-6)
  assert embed([]).shape == (0, embed.num_features)


def test_moved_weights_are_found_where_they_are_said_to_be(
    embed, tmp_path, squares
):
  moved = tmp_path / 'moved.pth'
  shutil.copy(embed.weights.source, moved)
  gone = dataclasses.replace(
      embed.weights, source=str(tmp_path / 'weights.pth')
  )
  with pytest.raises(FileNotFoundError, match=r'weights\.pth.*--weights'):
    recogniser.Embedder(gone, embed.preprocessing)
  there = recogniser.Embedder(gone, embed.preprocessing, location=str(moved))
  crops = [embed.crop(squares('red', 1))]
  np.testing.assert_array_equal(there(crops), embed(crops))


def test_other_weights_are_refused(embed, tmp_path):
  other = tmp_path / 'other.pth'
  other.write_bytes(b'other')
  with pytest.raises(ValueError, match=r'other\.pth: not the weights'):
    recogniser.Embedder(embed.weights, embed.preprocessing, location=str(other))


def test_a_reference_needs_weights_that_exist(tmp_path):
  with pytest.raises(FileNotFoundError, match='or one of efficientnet_lite0'):
    recogniser.reference('resnet10', str(tmp_path / 'absent.pth'))


@pytest.mark.parametrize(
    ('backbone', 'reason'),
    [('resnet7', 'valid ones: conv4'), ('resnet50', 'needs --weights')],
)
def test_a_new_recogniser_needs_a_backbone_and_weights(backbone, reason):
  with pytest.raises(ValueError, match=reason):
    starting.embedder(backbone, None)


@pytest.mark.parametrize(
    ('backbone', 'mean'),
    [('efficientnet_lite0', 127 / 255), ('resnet50', 0.485)],
)
def test_images_are_normalised_as_the_weights_expect(backbone, mean):
  assert starting.preprocessing(backbone).mean[0] == mean


def test_features_of_another_network_are_refused(embed, known):
  starting.check_same(known, embed)
  other = dataclasses.replace(
      known, weights=dataclasses.replace(known.weights, sha256='0' * 64)
  )
  with pytest.raises(ValueError, match='replaced by one of another network'):
    starting.check_same(other, embed)
