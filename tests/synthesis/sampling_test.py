"""Partners, amounts and codes between codes."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import ops, synthesis
from lsl_jax.synthesis import sampling

_LABELS = np.array([2, 0, 2, 1, 0, 2, 2, 4])


@pytest.fixture(scope='module')
def bank():
  codes = ops.unit(jax.random.normal(jax.random.key(0), (8, 5)))
  return synthesis.make_bank(codes, _LABELS, 5)


def test_partners_are_all_others_of_the_class_equally_often(bank):
  images = jnp.tile(jnp.arange(8), 3000)
  partners = np.asarray(
      sampling.partners(jax.random.key(1), bank, images)
  ).reshape(3000, 8)
  for i in range(8):
    others = [j for j in range(8) if _LABELS[j] == _LABELS[i] and j != i]
    if not others:  # alone in its class
      assert (partners[:, i] == i).all()
      continue
    assert set(partners[:, i]) == set(others)
    for j in others:
      share = (partners[:, i] == j).mean()
      assert abs(share - 1 / len(others)) < 0.05


def test_the_authors_partners_include_the_image_itself(bank):
  partners = sampling.partners(
      jax.random.key(1), bank, jnp.zeros(4000, jnp.int32), itself=True
  )
  shares = np.bincount(np.asarray(partners), minlength=8) / 4000
  np.testing.assert_allclose(shares[[0, 2, 5, 6]], 0.25, atol=0.04)


@pytest.mark.parametrize('interpolation', ['slerp', 'lerp'])
def test_codes_lie_on_the_way_to_a_partner_at_one_of_the_amounts(
    bank, interpolation
):
  images = jnp.tile(jnp.array([1, 4]), 400)
  codes = np.asarray(
      sampling.between(
          jax.random.key(2), bank, images, interpolation=interpolation
      ),
      np.float64,
  )
  found = []
  for i, code in zip(np.asarray(images), codes, strict=True):
    start, end = (np.asarray(bank.codes[j], np.float64) for j in (i, 5 - i))
    angle = math.acos(start @ end)
    distances = []
    for t in (0.1, 0.2, 0.3, 0.4):
      if interpolation == 'slerp':
        expected = math.sin((1 - t) * angle) * start + math.sin(t * angle) * end
        expected /= math.sin(angle)
      else:
        expected = (1 - t) * start + t * end
      distances.append(np.abs(code - expected).max())
    assert min(distances) < 1e-5
    found.append(int(np.argmin(distances)))
  np.testing.assert_allclose(np.bincount(found) / 800, 0.25, atol=0.06)


def test_one_amount_serves_all_where_it_is_asked_for(bank):
  images = jnp.tile(jnp.array([1, 4]), 20)
  codes = sampling.between(
      jax.random.key(2), bank, images, interpolation='lerp', one_amount=True
  )
  assert len(np.unique(np.asarray(codes).round(5), axis=0)) == 2


def test_labels_that_do_not_fit_are_refused(bank):
  with pytest.raises(ValueError, match='8 codes, but labels'):
    synthesis.make_bank(bank.codes, _LABELS[:3], 5)
  with pytest.raises(ValueError, match=r'classes 0 \.\. 3'):
    synthesis.make_bank(bank.codes, _LABELS, 4)
  with pytest.raises(ValueError, match='unknown interpolation'):
    sampling.between(
        jax.random.key(0), bank, jnp.arange(2), interpolation='slurp'
    )
