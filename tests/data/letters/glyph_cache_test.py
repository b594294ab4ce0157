import numpy as np
import pytest

from lsl_jax.data.letters import glyph_cache


class _Maker:

  def __init__(self):
    self.calls = 0

  def __call__(self):
    self.calls += 1
    return {
        'numbers': np.arange(6).reshape(2, 3),
        'names': np.array(['a', 'bc']),
    }


def _get(folder, make, **key):
  return glyph_cache.load_or_make(folder, 'toy', {'seed': 0, **key}, make)


def test_the_second_call_reads_what_the_first_one_made(tmp_path):
  make = _Maker()
  first, second = _get(tmp_path / 'new', make), _get(tmp_path / 'new', make)
  assert make.calls == 1
  assert first.keys() == second.keys() == {'numbers', 'names'}
  for name, array in first.items():
    np.testing.assert_array_equal(second[name], array)
  assert len(list((tmp_path / 'new').iterdir())) == 1


def test_another_key_is_another_entry(tmp_path):
  make = _Maker()
  _get(tmp_path, make)
  _get(tmp_path, make, size=32)
  assert make.calls == 2
  assert len(list(tmp_path.iterdir())) == 2


def _truncated(data):
  return data[: len(data) // 2]


def _flipped(data):
  middle = data.index(b'NUMPY') + 130  # within the first array's numbers
  return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    'damage', [_truncated, _flipped, lambda data: b'', lambda data: b'x' * 999]
)
def test_a_damaged_file_is_made_anew(tmp_path, damage):
  make = _Maker()
  _get(tmp_path, make)
  (path,) = tmp_path.iterdir()
  whole = path.read_bytes()
  path.write_bytes(damage(whole))
  assert path.read_bytes() != whole
  np.testing.assert_array_equal(_get(tmp_path, make)['numbers'][1], [3, 4, 5])
  assert make.calls == 2
  _get(tmp_path, make)
  assert make.calls == 2


def test_a_file_of_another_key_under_this_name_is_made_anew(tmp_path):
  make = _Maker()
  _get(tmp_path, make)
  (path,) = tmp_path.iterdir()
  np.savez(path, numbers=np.zeros(2), key=np.array('{}'))
  assert _get(tmp_path, make)['numbers'].shape == (2, 3)
  assert make.calls == 2


def test_where_nothing_can_be_written_there_is_a_warning_and_no_cache(tmp_path):
  (tmp_path / 'file').write_text('not a folder')
  make = _Maker()
  for calls in (1, 2):
    with pytest.warns(UserWarning, match='toy is not cached'):
      assert _get(tmp_path / 'file', make)['numbers'].shape == (2, 3)
    assert make.calls == calls


def test_a_write_that_fails_leaves_no_half_file(tmp_path, monkeypatch):
  def fail(file, **arrays):
    file.write(b'half')
    raise OSError('disk full')

  monkeypatch.setattr(np, 'savez', fail)
  with pytest.warns(UserWarning, match='disk full'):
    _get(tmp_path, _Maker())
  assert not list(tmp_path.iterdir())


def test_the_default_folder_follows_the_environment(monkeypatch):
  monkeypatch.setenv('XDG_CACHE_HOME', '/somewhere')
  assert str(glyph_cache.default_folder()) == '/somewhere/lsl_jax'
  monkeypatch.delenv('XDG_CACHE_HOME')
  monkeypatch.setenv('HOME', '/home/somebody')
  assert str(glyph_cache.default_folder()) == '/home/somebody/.cache/lsl_jax'
