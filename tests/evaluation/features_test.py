"""Tests of feature extraction: batches, views, devices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.evaluation import features

KEY = jax.random.key(1)


@pytest.fixture
def images(rng):
  return rng.integers(0, 256, (11, 4, 4, 3)).astype(np.uint8)


def _embed(images):
  images = images.astype(jnp.float32)
  return {'sum': images.sum((1, 2, 3)), 'map': images / 255}


@pytest.mark.parametrize('batch_size', [1, 4, 11, 64])
def test_features_are_in_the_order_of_the_images(images, batch_size):
  got = features.extract(_embed, images, batch_size=batch_size)
  np.testing.assert_array_equal(got['sum'], images.sum((1, 2, 3)))
  np.testing.assert_allclose(got['map'], images / 255, rtol=1e-6)
  assert isinstance(got['sum'], np.ndarray)


def test_features_are_of_the_indices_asked_for(images):
  chosen = np.array([7, 2, 2, 10])
  got = features.extract(_embed, list(images), batch_size=3, indices=chosen)
  np.testing.assert_array_equal(got['sum'], images[chosen].sum((1, 2, 3)))


def test_all_batches_share_one_compilation(images):
  traces = []

  def embed(scale, images):
    traces.append(images.shape)
    return images.sum((1, 2, 3)) * scale

  for scale in (1.0, 2.0):
    partial = jax.tree_util.Partial(embed, jnp.float32(scale))
    got = features.extract(partial, images, batch_size=4)
    np.testing.assert_array_equal(got, scale * images.sum((1, 2, 3)))
  assert traces == [(4, 4, 4, 3)]


@pytest.mark.parametrize('count', [2, 8])
def test_devices_divide_a_batch_and_change_nothing(images, count):
  mesh = jax.sharding.Mesh(np.array(jax.devices()[:count]), ('data',))
  sharding = jax.sharding.NamedSharding(mesh, jax.P('data'))
  seen = []

  def embed(images):
    jax.debug.inspect_array_sharding(images, callback=seen.append)
    return _embed(images)

  got = features.extract(embed, images, batch_size=8, sharding=sharding)
  np.testing.assert_array_equal(got['sum'], images.sum((1, 2, 3)))
  assert seen[0].num_devices == count
  assert not seen[0].is_fully_replicated
  view = features.extract_views(
      embed, _noise, images, key=KEY, views=2, batch_size=8, sharding=sharding
  )
  one = features.extract_views(
      _embed, _noise, images, key=KEY, views=2, batch_size=5
  )
  np.testing.assert_allclose(view['map'], one['map'], rtol=1e-6)


def _noise(keys, images):
  shifts = jax.vmap(lambda key: jax.random.uniform(key, ()))(keys)
  return images.astype(jnp.float32) + shifts[:, None, None, None]


def test_a_view_depends_on_the_image_and_its_number_alone(images):
  whole = features.extract_views(
      _embed, _noise, images, key=KEY, views=3, batch_size=4
  )['map']
  assert whole.shape == (11, 3, 4, 4, 3)
  key = jax.random.fold_in(jax.random.fold_in(KEY, 9), 2)
  expected = (images[9] + np.asarray(jax.random.uniform(key, ()))) / 255
  np.testing.assert_allclose(whole[9, 2], expected, rtol=1e-6)
  part = features.extract_views(
      _embed, _noise, images, key=KEY, views=2, batch_size=2, indices=[9, 0, 3]
  )['map']
  np.testing.assert_allclose(part, whole[[9, 0, 3], :2], rtol=1e-6)


def test_what_cannot_be_embedded_is_refused(images):
  with pytest.raises(ValueError, match='no image to embed'):
    features.extract(_embed, images[:0])
  with pytest.raises(ValueError, match='at least 1, not 0'):
    features.extract(_embed, images, batch_size=0)
  with pytest.raises(ValueError, match=r'image 1 has shape \(2, 4, 3\)'):
    features.extract(_embed, [images[0], images[0][:2]])
  with pytest.raises(ValueError, match='views must be at least 1'):
    features.extract_views(_embed, _noise, images, key=KEY, views=0)
  mesh = jax.sharding.Mesh(np.array(jax.devices()[:2]), ('data',))
  sharding = jax.sharding.NamedSharding(mesh, jax.P('data'))
  with pytest.raises(ValueError, match='7 images cannot be divided among 2'):
    features.extract(_embed, images, batch_size=7, sharding=sharding)
