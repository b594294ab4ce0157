"""Class activation maps against loops."""

import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.ops import activation


def test_every_position_is_compared_with_its_images_template(rng):
  maps = rng.normal(size=(2, 3, 4, 5))
  templates = rng.normal(size=(2, 5))
  expected = np.zeros((2, 3, 4))
  for b in range(2):
    for i in range(3):
      for j in range(4):
        cell = maps[b, i, j]
        expected[b, i, j] = (
            cell
            @ templates[b]
            / (np.linalg.norm(cell) * np.linalg.norm(templates[b]))
        )
  np.testing.assert_allclose(
      activation.class_activation(
          jnp.asarray(maps, jnp.float32), jnp.asarray(templates, jnp.float32)
      ),
      expected,
      atol=1e-6,
  )


def test_an_empty_position_has_no_activation_and_shapes_must_fit():
  assert (
      float(
          activation.class_activation(
              jnp.zeros((1, 1, 1, 2)), jnp.ones((1, 2))
          )[0, 0, 0]
      )
      == 0.0
  )
  with pytest.raises(AssertionError):
    activation.class_activation(jnp.zeros((1, 1, 1, 2)), jnp.ones((2, 2)))
