"""What tests of several learners need."""

import importlib.util
import pathlib

import numpy as np
import pytest


@pytest.fixture
def make_taps(rng):
  """Outputs of small blocks: maps of `images`, which halve at every block."""

  def make(images, blocks=1):
    taps = {}
    side, depth = 4 * 2 ** (blocks - 1), 3
    for block in range(5 - blocks, 5):
      for layer in (1, 2, 3):
        width = depth if layer == 1 else depth + 1
        taps[f'block{block}_conv{layer}'] = rng.normal(
            size=(images, side, side, width)
        ).astype(np.float32)
      depth, side = depth + 1, side // 2
    taps['map'] = rng.normal(size=(images, side, side, depth)).astype('f')
    return taps

  return make


@pytest.fixture(scope='session')
def stream_by_loops():
  """The function of stream_loops.py: tests are no packages to import from."""
  spec = importlib.util.spec_from_file_location(
      'stream_loops', pathlib.Path(__file__).with_name('stream_loops.py')
  )
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module.by_loops
