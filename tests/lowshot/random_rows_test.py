"""Random novel templates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, types

BASE = types.Base(jnp.array([[3.0, 4.0, 0.0], [0.0, 0.0, 2.0]]))
SUPPORT = types.Support(jnp.ones((5, 3)), jnp.zeros(5, jnp.int32), 400)


@pytest.mark.parametrize('distribution', ['xavier_uniform', 'normal'])
def test_novel_rows_are_random_unit_vectors_after_the_base_rows(distribution):
  fit = lowshot.random_templates(distribution=distribution).fit
  templates = fit(jax.random.key(0), BASE, SUPPORT)
  np.testing.assert_allclose(
      templates[:2], [[0.6, 0.8, 0], [0, 0, 1]], rtol=1e-6
  )
  novel = np.asarray(templates[2:])
  np.testing.assert_allclose(np.linalg.norm(novel, axis=1), 1, rtol=1e-5)
  # Centred, and alike in all directions: each coordinate's square is a third.
  np.testing.assert_allclose(novel.mean(0), 0, atol=0.12)
  np.testing.assert_allclose((novel**2).mean(0), 1 / 3, atol=0.06)


def test_the_key_decides_and_the_examples_do_not():
  fit = lowshot.random_templates().fit
  first = fit(jax.random.key(0), BASE, SUPPORT)
  other_examples = SUPPORT.replace(features=-SUPPORT.features)
  np.testing.assert_array_equal(
      fit(jax.random.key(0), BASE, other_examples), first
  )
  assert (fit(jax.random.key(1), BASE, SUPPORT)[2:] != first[2:]).any()


def test_it_predicts_scaled_cosines_and_has_no_sweep():
  learner = lowshot.random_templates(scale=2.0)
  logits = learner.predict(jnp.array([[0.0, 5.0], [1.0, 0.0]]), jnp.ones(2))
  np.testing.assert_allclose(logits, [2**0.5, 2**0.5], rtol=1e-6)
  assert learner.sweep is None


def test_an_unknown_distribution_is_refused_with_the_valid_ones():
  with pytest.raises(ValueError, match=r"'cauchy'.*xavier_uniform, normal"):
    lowshot.random_templates(distribution='cauchy')
