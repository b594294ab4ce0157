"""Which views a Spec asks for, and normalisation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.data.augmentation import augment, augment_spec

_views = jax.jit(augment.batch, static_argnums=2)


def _batch(rng, spec, count=16):
  images = rng.integers(0, 256, (count, 6, 6, 3), dtype=np.uint8)
  keys = jax.random.split(jax.random.key(5), count)
  return images, np.asarray(_views(keys, images, spec))


def test_the_default_changes_nothing(rng):
  images, views = _batch(rng, augment_spec.Spec())
  assert views.dtype == np.float32
  np.testing.assert_array_equal(views, images)


def test_letters_are_never_flipped_unless_asked(rng):
  images, views = _batch(rng, augment_spec.Spec(crop='random', size=6))
  np.testing.assert_array_equal(views, images)
  images, views = _batch(rng, augment_spec.Spec(flip=True))
  same = [np.array_equal(v, i) for v, i in zip(views, images, strict=True)]
  mirrored = [
      np.array_equal(v, i[:, ::-1]) for v, i in zip(views, images, strict=True)
  ]
  assert any(same) and any(mirrored)
  assert np.all(np.logical_xor(same, mirrored))


def test_images_of_a_batch_get_views_of_their_own():
  images = np.tile(np.arange(36).reshape(1, 6, 6, 1), (16, 1, 1, 3))
  keys = jax.random.split(jax.random.key(5), 16)
  spec = augment_spec.Spec(crop='random', size=3)
  views = np.asarray(_views(keys, images.astype(np.uint8), spec))
  assert len({view.tobytes() for view in views}) > 8


def test_switching_one_part_on_leaves_the_draws_of_others_alone(rng):
  crops = augment_spec.Spec(crop='random', size=4)
  flips = augment_spec.Spec(crop='random', size=4, flip=True)
  _, cropped = _batch(np.random.default_rng(1), crops)
  _, flipped = _batch(np.random.default_rng(1), flips)
  for crop, flip in zip(cropped, flipped, strict=True):
    assert np.array_equal(crop, flip) or np.array_equal(crop[:, ::-1], flip)


def test_all_parts_together_give_finite_views_of_the_asked_size(rng):
  spec = augment_spec.Spec(
      crop='resized',
      size=4,
      flip=True,
      rotation=20.0,
      zoom=0.1,
      shear=0.1,
      translation=0.1,
      fill=None,
      brightness=0.4,
      contrast=0.4,
      saturation=0.4,
  )
  _, views = _batch(rng, spec)
  assert views.shape == (16, 4, 4, 3)
  assert np.all(np.isfinite(views))
  assert views.min() >= 0 and views.max() <= 255
  assert views.std() > 10


def test_the_centre_is_cropped_the_same_for_all_keys(rng):
  images, views = _batch(rng, augment_spec.Spec(crop='centre', size=4))
  np.testing.assert_array_equal(views, images[:, 1:5, 1:5])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'crop': 'radom'}, "unknown crop 'radom'; did you mean 'random'"),
        ({'padding': 4}, "padding=4 needs crop='random'"),
        ({'size': 4}, 'size=4 needs a crop: centre, random, resized'),
        ({'contrast': 1.5}, 'contrast=1.5 is not a relative change'),
        ({'zoom': 1.0}, 'zoom=1.0 is not a relative change'),
        ({'area': (0.5, 0.1)}, 'area=.* 0 < smallest <= largest'),
        ({'flp': True}, "unknown augmentation 'flp'; did you mean 'flip'"),
    ],
)
def test_refuses_what_it_does_not_know(options, message):
  with pytest.raises(ValueError, match=message):
    augment_spec.make_spec(options)


def test_lists_of_a_config_become_a_spec_that_jit_can_hash():
  spec = augment_spec.make_spec({'crop': 'resized', 'area': [0.2, 1.0]})
  assert hash(spec) == hash(augment_spec.Spec(crop='resized', area=(0.2, 1.0)))


def test_normalises_each_channel_by_its_mean_and_deviation(rng):
  images = rng.integers(0, 256, (2, 3, 3, 3), dtype=np.uint8)
  want = np.zeros(images.shape)
  for channel in range(3):
    value = images[..., channel] / 255
    mean, std = augment.IMAGENET_MEAN[channel], augment.IMAGENET_STD[channel]
    want[..., channel] = (value - mean) / std
  got = augment.normalise(
      jnp.asarray(images), mean=augment.IMAGENET_MEAN, std=augment.IMAGENET_STD
  )
  np.testing.assert_allclose(got, want, atol=1e-5)
  plain = augment.normalise(jnp.asarray(images))
  np.testing.assert_allclose(plain, images / 127.5 - 1, atol=1e-6)
