"""What Cutout and Random Erasing fill in, as the network sees it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.data.augmentation import augment
from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.stages import fitting, sharing


@pytest.mark.parametrize('normalisation', sorted(fitting.NORMALISATIONS))
def test_what_is_covered_becomes_zero_whatever_the_normalisation(normalisation):
  config = defaults.defaults()
  config.data.normalisation = normalisation
  config.data.augment.cutout = 4
  config.data.augment.erase = 1.0
  spec = fitting.augmentation(config)
  white = jnp.full((16, 16, 3), 255, jnp.uint8)
  view = augment.normalise(
      augment.view(jax.random.key(1), white, spec),
      **fitting.normalisation(config),
  )
  channels = np.asarray(view).reshape(-1, 3)
  covered = (np.abs(channels) < 1e-6).all(-1)  # but for the last bits
  assert 4 <= covered.sum() < len(channels)
  assert (channels[~covered] > 0.5).all()


def test_networks_from_when_the_fill_was_a_setting_can_be_taken_over():
  here, there = defaults.defaults().to_dict(), defaults.defaults().to_dict()
  assert 'mask' not in there['data']['augment']
  there['data']['augment']['mask'] = 127.5
  assert not sharing.differences(here, there)
