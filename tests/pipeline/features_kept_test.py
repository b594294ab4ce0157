"""Features in the workdir are read where they fit, and made anew elsewhere."""

import numpy as np
import pytest

from lsl_jax.pipeline import features

ABOUT = {
    'variables': {'kernel': np.arange(4.0), 'bias': np.zeros(2)},
    'indices': np.arange(3),
    'data': '{"size": 32}',
}
VALUES = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.fixture
def keep(tmp_path):
  """`keep(about) -> (features, how often they were computed)`."""

  def call(about):
    calls = []

    def compute():
      calls.append(1)
      return VALUES

    return features.cached(str(tmp_path), 'queries', about, compute), len(calls)

  return call


def test_features_are_computed_once(keep):
  for computed in (1, 0):
    values, calls = keep(ABOUT)
    assert calls == computed
    np.testing.assert_array_equal(values, VALUES)
    assert values.dtype == np.float32


@pytest.mark.parametrize(
    'change',
    [
        {'variables': {'kernel': np.arange(4.0) + 1e-6, 'bias': np.zeros(2)}},
        {'variables': {'kernel': np.arange(4.0), 'offset': np.zeros(2)}},
        {'indices': np.arange(3) + 1},
        {'data': '{"size": 36}'},
        {'views': 5},
    ],
)
def test_features_of_something_else_are_computed_anew(keep, change):
  keep(ABOUT)
  assert keep(ABOUT | change)[1] == 1
  assert keep(ABOUT | change)[1] == 0
  assert keep(ABOUT)[1] == 1


@pytest.mark.parametrize('where', ['start', 'middle', 'end', 'empty', 'other'])
def test_a_damaged_file_is_computed_anew(keep, tmp_path, where):
  keep(ABOUT)
  path = tmp_path / 'features' / 'queries.npz'
  content = bytearray(path.read_bytes())
  if where == 'empty':
    content = b''
  elif where == 'end':
    content = content[:-30]
  elif where == 'other':
    content = b'not an archive at all'
  else:
    at = 0 if where == 'start' else 60
    content[at : at + 12] = b'\xff' * 12
  path.write_bytes(content)
  values, calls = keep(ABOUT)
  assert calls == 1
  np.testing.assert_array_equal(values, VALUES)
  assert keep(ABOUT)[1] == 0


def test_every_damaged_byte_is_noticed_or_harmless(keep, tmp_path):
  keep(ABOUT)
  path = tmp_path / 'features' / 'queries.npz'
  whole = path.read_bytes()
  for at in range(0, len(whole), 5):
    damaged = bytearray(whole)
    damaged[at] ^= 0xFF
    path.write_bytes(damaged)
    np.testing.assert_array_equal(keep(ABOUT)[0], VALUES, err_msg=str(at))
