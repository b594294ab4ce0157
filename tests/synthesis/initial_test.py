"""Where codes start."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import synthesis


def test_the_sphere_is_covered_evenly():
  codes = synthesis.sphere(jax.random.key(0), 4000, 3)
  np.testing.assert_allclose(jnp.linalg.norm(codes, axis=-1), 1, atol=1e-6)
  np.testing.assert_allclose(codes.mean(0), 0, atol=0.04)
  # Archimedes: each coordinate is uniform on -1 .. 1.
  shares = np.histogram(np.asarray(codes[:, 0]), 4, (-1, 1))[0] / 4000
  np.testing.assert_allclose(shares, 0.25, atol=0.03)


@pytest.mark.parametrize('size', [8, 128])
def test_codes_of_a_class_are_near_a_corner_of_its_own(size):
  labels = jnp.array([0, 0, 1, 2, 2, 2, -1])
  codes = synthesis.hypercube(jax.random.key(1), labels, 3, size, spread=1e-3)
  np.testing.assert_allclose(jnp.linalg.norm(codes, axis=-1), 1, atol=1e-6)
  corners = []
  for c in range(3):
    own = np.asarray(codes)[np.asarray(labels) == c]
    largest = own.max(axis=-1, keepdims=True)
    bits = np.round(own / largest).astype(int)
    np.testing.assert_allclose(own / largest, bits, atol=0.02)
    assert (bits == bits[0]).all()
    corners.append(tuple(bits[0]))
  assert len(set(corners)) == 3
  free = np.asarray(codes[-1])
  assert (free < -0.01).any()  # without a class: anywhere


def test_the_authors_corners_are_the_binary_numbers():
  labels = jnp.arange(1, 6)
  codes = synthesis.hypercube(
      jax.random.key(0), labels, 6, 40, spread=0.0, listed=True
  )
  for label, code in zip(labels, codes, strict=True):
    bits = [int(b) for b in f'{int(label):040b}']
    np.testing.assert_allclose(code, np.array(bits) / np.sqrt(sum(bits)))


def test_too_many_classes_for_a_cube_are_refused():
  with pytest.raises(ValueError, match='the 8 of a cube'):
    synthesis.hypercube(jax.random.key(0), jnp.arange(8), 8, 3)


def test_activations_keep_their_direction_and_need_one():
  features = jnp.array([[3.0, 4.0], [0.0, 2.0]])
  np.testing.assert_allclose(
      synthesis.activations(features), [[0.6, 0.8], [0.0, 1.0]]
  )
  with pytest.raises(ValueError, match='image 1 are all zero'):
    synthesis.activations(features.at[1].set(0))
