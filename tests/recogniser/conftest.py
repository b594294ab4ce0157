"""A recogniser of coloured squares by a network of a few thousand weights."""

import pathlib

import numpy as np
import pytest

from lsl_jax import recogniser

WEIGHTS = pathlib.Path(__file__).parents[1] / 'models/resnet10_width1.pth'
COLOURS = {'red': (200, 30, 30), 'green': (30, 180, 40), 'blue': (40, 50, 210)}


def square(colour, seed):
  """A noisy square of that colour, uint8 `[48, 48, 3]`."""
  noise = np.random.default_rng(seed).normal(0, 25, (48, 48, 3))
  return np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope='session')
def embed():
  """The network, compiled once."""
  return recogniser.Embedder(
      recogniser.reference('resnet10', str(WEIGHTS), {'width': 1}),
      recogniser.Preprocessing(32, 32, True, (0.5,) * 3, (0.5,) * 3),
  )


@pytest.fixture(scope='session')
def nothing(embed):
  """A recogniser of that network without a class."""
  return recogniser.empty(
      embed.weights, embed.preprocessing, embed.num_features
  )


@pytest.fixture(scope='session')
def known(embed, nothing):
  """Red, green and blue from three squares each."""
  result = nothing
  for name, colour in COLOURS.items():
    crops = [embed.crop(square(colour, seed)) for seed in range(3)]
    result = recogniser.add(
        result, name, embed(crops), crops, [f'{name}{i}.png' for i in range(3)]
    )
  return result


@pytest.fixture(scope='session')
def squares():
  """`squares('red', seed)`: an image."""
  return lambda name, seed: square(COLOURS[name], seed)


@pytest.fixture(scope='session')
def same():
  """Whether two recognisers are equal, number by number."""

  def compare(a, b):
    arrays = ('templates', 'features', 'labels')
    values = (
        'weights',
        'preprocessing',
        'class_names',
        'support_names',
        'thumbnails',
        'keep',
    )
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays
    ) and all(getattr(a, name) == getattr(b, name) for name in values)

  return compare
