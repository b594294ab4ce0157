import errno
import os

import pytest

from lsl_jax.report import atomic


def test_makes_the_folder_and_writes_text_as_utf_8(tmp_path):
  path = atomic.write(tmp_path / 'new' / 'a.txt', 'ա ± ბ\n')
  assert path.read_bytes() == 'ա ± ბ\n'.encode()


def test_replaces_an_older_file_and_leaves_nothing_else(tmp_path):
  path = tmp_path / 'a.txt'
  path.write_text('a much longer older content')
  atomic.write(path, b'new')
  assert path.read_bytes() == b'new'
  assert os.listdir(tmp_path) == ['a.txt']


def test_writes_names_that_are_not_valid_utf_8(tmp_path):
  name = os.fsdecode(b'caf\xe9')
  path = atomic.write(tmp_path / 'a.txt', name)
  assert path.read_bytes() == rb'caf\udce9'


@pytest.mark.parametrize('step', ['fsync', 'replace'])
def test_a_full_disk_names_the_file_and_leaves_the_old_one(
    tmp_path, monkeypatch, step
):
  path = tmp_path / 'results.json'
  path.write_text('old')

  def fail(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

  monkeypatch.setattr(os, step, fail)
  with pytest.raises(OSError, match='No space left') as caught:
    atomic.write(path, 'new')
  monkeypatch.undo()
  assert caught.value.errno == errno.ENOSPC
  assert f'cannot write {path}' in str(caught.value)
  assert path.read_text() == 'old'
  assert os.listdir(tmp_path) == ['results.json']


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
  path = tmp_path / 'results.json'
  path.write_text('old')

  def interrupt(*_):
    raise KeyboardInterrupt

  monkeypatch.setattr(os, 'fsync', interrupt)
  with pytest.raises(KeyboardInterrupt):
    atomic.write(path, 'new')
  assert path.read_text() == 'old'
  assert os.listdir(tmp_path) == ['results.json']


def test_a_folder_in_the_way_is_named(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(OSError, match=r'cannot write .*file/a\.txt'):
    atomic.write(tmp_path / 'file' / 'a.txt', 'new')
