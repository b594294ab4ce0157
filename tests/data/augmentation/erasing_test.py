"""Cutout and Random Erasing: what is covered, how much, and where."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.data.augmentation import augment, augment_spec, erasing

_WHITE = jnp.full((16, 12, 3), 255, jnp.uint8)


def _holes(function, count, **options):
  """Masks of the pixels that are covered, `[count, 16, 12]`."""
  keys = jax.random.split(jax.random.key(0), count)
  images = jax.jit(
      jax.vmap(lambda key: function(key, _WHITE, fill=7.0, **options))
  )(keys)
  images = np.asarray(images)
  assert set(np.unique(images)) <= {7.0, 255.0}
  covered = images == 7
  np.testing.assert_array_equal(covered[..., 0], covered[..., 2])
  return covered[..., 0]


def _box(mask):
  rows, columns = np.where(mask.any(1))[0], np.where(mask.any(0))[0]
  if not len(rows):
    return 0, 0, 0, 0
  box = rows[0], columns[0], len(rows), len(columns)
  assert mask.sum() == box[2] * box[3]  # one whole rectangle
  return box


def test_cutout_covers_a_square_that_the_edge_may_cut():
  masks = _holes(erasing.cutout, 800, side=4)
  boxes = np.array([_box(mask) for mask in masks])
  assert boxes[:, 2:].max() == 4
  assert boxes[:, 2:].min() == 2  # the centre itself is always inside
  # Each pixel is the centre equally often: inner pixels are covered by 16 of
  # the 192 places, corners by 4 or fewer.
  inner = masks[:, 4:-4, 4:-4].mean()
  assert abs(inner - 16 / 192) < 0.02
  assert masks[:, 0, 0].mean() < inner


def test_erasing_covers_shares_ratios_and_places_that_are_asked_for():
  masks = _holes(erasing.random_erase, 800, probability=0.5)
  boxes = np.array([_box(mask) for mask in masks])
  erased = boxes[:, 2] > 0
  assert abs(erased.mean() - 0.5) < 0.06
  heights, widths = boxes[erased, 2], boxes[erased, 3]
  shares = heights * widths / 192
  # Rounding moves sides by up to half a pixel.
  assert shares.min() >= 0.01
  assert shares.max() <= 0.37
  assert abs(shares.mean() - 0.175) < 0.03
  assert (boxes[:, 0] + boxes[:, 2]).max() == 16
  assert (boxes[:, 1] + boxes[:, 3]).max() == 12
  assert (heights > widths).any()
  assert (heights < widths).any()


def test_probabilities_0_and_1_are_never_and_always():
  assert not _holes(erasing.random_erase, 20, probability=0.0).any()
  masks = _holes(erasing.random_erase, 20, probability=1.0)
  assert masks.any((1, 2)).all()
  assert not _holes(erasing.cutout, 20, side=3, probability=0.0).any()


def test_a_rectangle_that_never_fits_covers_nothing():
  masks = _holes(erasing.random_erase, 4, probability=1.0, area=(2.0, 3.0))
  assert not masks.any()


def test_a_spec_masks_after_the_other_parts_and_leaves_their_draws_alone():
  key, image = jax.random.key(3), jax.random.randint(
      jax.random.key(1), (8, 8, 3), 0, 256
  ).astype(jnp.uint8)
  plain = augment.view(
      key, image, augment_spec.Spec(crop='random', padding=2, flip=True)
  )
  masked = augment.view(
      key,
      image,
      augment_spec.Spec(
          crop='random', padding=2, flip=True, cutout=3, mask=9.0
      ),
  )
  changed = np.asarray(plain != masked).any(-1)
  assert 1 <= changed.sum() <= 9
  assert (np.asarray(masked)[changed] == 9).all()


def test_channels_may_be_filled_differently():
  fill = (1.0, 2.0, 3.0)
  spec = augment_spec.Spec(cutout=5, erase=1.0, mask=list(fill))
  assert hash(spec)
  key = jax.random.key(0)
  image = np.asarray(augment.view(key, _WHITE, spec))
  covered = (image != 255).all(-1)
  assert covered.any()
  assert (image[covered] == fill).all()


def test_cutout_can_fill_with_the_images_own_mean(rng):
  image = rng.integers(0, 256, (9, 9, 3)).astype(np.uint8)
  spec = augment_spec.Spec(cutout=3, cutout_mean=True, mask=1.0)
  view = np.asarray(augment.view(jax.random.key(2), jnp.asarray(image), spec))
  covered = (view != image).any(-1)
  assert 1 <= covered.sum() <= 9
  mean = image.mean(dtype=np.float64)
  np.testing.assert_allclose(view[covered], mean, rtol=1e-6)


@pytest.mark.parametrize(
    'wrong', [{'erase': 1.5}, {'cutout': -1}, {'cutout_probability': -0.1}]
)
def test_masks_out_of_range_are_refused(wrong):
  with pytest.raises(ValueError, match='is not a'):
    augment_spec.Spec(**wrong)
