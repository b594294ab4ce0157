"""Rows on disk: written once, read where they fit, made anew elsewhere."""

import json

import numpy as np
import pytest

from lsl_jax.data.reading import feature_store

ROWS = np.arange(5)


@pytest.fixture
def values(rng):
  return rng.normal(size=(5, 3)).astype(np.float32)


def _open(folder, about='network a', rows=5, **options):
  return feature_store.FeatureStore(folder, about, rows, **options)


def test_rows_come_back_in_any_order_after_reopening(tmp_path, values):
  store = _open(tmp_path)
  np.testing.assert_array_equal(store.missing(ROWS), ROWS)
  store.write(np.array([3, 1]), values[[3, 1]])
  store = _open(tmp_path)
  np.testing.assert_array_equal(store.missing(ROWS[::-1]), [4, 2, 0])
  np.testing.assert_array_equal(
      store.read(np.array([1, 3, 1])), values[[1, 3, 1]]
  )
  assert store.read(np.array([1])).dtype == np.float32


def test_a_row_that_is_not_there_is_an_error(tmp_path, values):
  with pytest.raises(KeyError, match='no features yet'):
    _open(tmp_path).read(ROWS)
  _open(tmp_path).write(ROWS[:2], values[:2])
  with pytest.raises(KeyError, match='no row 4'):
    _open(tmp_path).read(np.array([0, 4]))


def test_half_precision_takes_half_the_space_and_rounds(tmp_path, values):
  store = _open(tmp_path, dtype='float16')
  store.write(ROWS, values)
  np.testing.assert_array_equal(
      store.read(ROWS), values.astype(np.float16).astype(np.float32)
  )
  assert np.load(tmp_path / 'features.npy').nbytes == values.nbytes // 2
  assert not _open(tmp_path, dtype='float16').missing(ROWS).size
  assert _open(tmp_path).missing(ROWS).size == 5  # another type, another store


@pytest.mark.parametrize('change', [{'about': 'network b'}, {'rows': 6}])
def test_features_of_something_else_do_not_count(tmp_path, values, change):
  _open(tmp_path).write(ROWS, values)
  other = _open(tmp_path, **change)
  assert other.missing(ROWS).size == 5
  other.write(ROWS[:1], values[:1])
  assert _open(tmp_path).missing(ROWS).size == 5


def test_every_damaged_byte_of_a_row_is_noticed_and_no_other_row_lost(
    tmp_path, values
):
  _open(tmp_path).write(ROWS, values)
  path = tmp_path / 'features.npy'
  whole = path.read_bytes()
  start = len(whole) - values.nbytes
  for at in range(start, len(whole), 3):
    damaged = bytearray(whole)
    damaged[at] ^= 0x10
    path.write_bytes(damaged)
    row = (at - start) // values[0].nbytes
    np.testing.assert_array_equal(_open(tmp_path).missing(ROWS), [row])


@pytest.mark.parametrize('name', ['about.json', 'features.npy', 'checks.npy'])
@pytest.mark.parametrize('how', ['empty', 'other', 'gone'])
def test_a_store_with_a_broken_file_is_begun_anew(tmp_path, values, name, how):
  _open(tmp_path).write(ROWS, values)
  path = tmp_path / name
  if how == 'gone':
    path.unlink()
  else:
    path.write_bytes(b'' if how == 'empty' else b'[]')
  store = _open(tmp_path)
  assert store.missing(ROWS).size == 5
  store.write(ROWS, values)
  np.testing.assert_array_equal(_open(tmp_path).read(ROWS), values)


@pytest.mark.parametrize('name', ['features.npy', 'checks.npy'])
def test_of_a_truncated_file_only_what_is_cut_off_is_lost(
    tmp_path, values, name
):
  _open(tmp_path).write(ROWS, values)
  path = tmp_path / name
  path.write_bytes(path.read_bytes()[:-9])
  missing = _open(tmp_path).missing(ROWS)
  assert 4 in missing and 2 not in missing


def test_another_shape_and_values_that_are_not_finite_are_refused(
    tmp_path, values
):
  store = _open(tmp_path, dtype='float16')
  store.write(ROWS[:1], values[:1])
  with pytest.raises(ValueError, match=r'shape \(3,\) .* shape \(2,\)'):
    store.write(ROWS[:1], values[:1, :2])
  with pytest.raises(ValueError, match=r'not finite as float16.*100000'):
    store.write(ROWS[:1], np.full((1, 3), 1e5, np.float32))
  with pytest.raises(ValueError, match='float32 or float16'):
    _open(tmp_path, dtype='int8')


def test_the_file_says_what_it_holds(tmp_path, values):
  _open(tmp_path).write(ROWS, values)
  assert json.loads((tmp_path / 'about.json').read_text()) == {
      'about': 'network a',
      'rows': 5,
      'dtype': 'float32',
      'shape': [3],
  }
