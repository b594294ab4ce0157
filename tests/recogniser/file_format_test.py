"""The file gives back what was written, and refuses everything else in time."""

import json
import re
import time
import tracemalloc

import numpy as np
import pytest
from safetensors import numpy as safetensors

from lsl_jax import recogniser
from lsl_jax.recogniser import file_format


@pytest.fixture(scope='module')
def content(known):
  return file_format.to_bytes(known)


def with_header(content, change):
  """The file with another header, whose length is right again."""
  length = int.from_bytes(content[:8], 'little')
  header = json.loads(content[8 : 8 + length])
  change(header)
  text = json.dumps(header).encode()
  return len(text).to_bytes(8, 'little') + text + content[8 + length :]


def test_a_file_gives_back_the_recogniser(known, tmp_path, same):
  path = tmp_path / 'folder' / 'r.safetensors'
  recogniser.write(path, known)
  assert same(recogniser.read(path), known)
  assert path.read_bytes() == file_format.to_bytes(recogniser.read(path))


def test_an_empty_recogniser_has_a_file_too(nothing, tmp_path, same):
  recogniser.write(tmp_path / 'r', nothing)
  assert same(recogniser.read(tmp_path / 'r'), nothing)


def test_other_readers_of_safetensors_can_read_the_arrays(content, known):
  arrays = safetensors.load(content)
  assert arrays.keys() == {
      'features',
      'labels',
      'offsets',
      'templates',
      'thumbnails',
  }
  np.testing.assert_array_equal(arrays['templates'], known.templates)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
  with pytest.raises(FileNotFoundError, match='no recogniser'):
    recogniser.read(tmp_path / 'absent')


def test_a_later_version_is_refused_by_its_number(content, tmp_path):
  path = tmp_path / 'r'
  path.write_bytes(
      with_header(content, lambda h: h['__metadata__'].update(version='2'))
  )
  with pytest.raises(
      ValueError, match=rf'{re.escape(str(path))}: .*version 2; this.*reads 1'
  ):
    recogniser.read(path)


@pytest.mark.parametrize(
    'foreign',
    [
        b'',
        b'PK\x03\x04' + 100 * b'\0',
        b'\x80\x04\x95' + 50 * b'x',
        (2**63).to_bytes(8, 'little') + b'{}',
        (2).to_bytes(8, 'little') + b'[]',
        (2).to_bytes(8, 'little') + b'{}',
        (60000).to_bytes(8, 'little') + b'[' * 60000,
        b'\xff' * 100,
        safetensors.save({'templates': np.zeros(3)}),
    ],
)
def test_files_of_another_kind_are_refused(foreign):
  with pytest.raises(ValueError, match='not the file of a recogniser'):
    file_format.from_bytes(foreign)


def _set(*path, value):
  def change(header):
    *parents, last = path
    for key in parents:
      header = header[key]
    if value is None:
      del header[last]
    else:
      header[last] = value

  return change


@pytest.mark.parametrize(
    'change',
    [
        _set('templates', value=None),
        _set('templates', value=3),
        _set('templates', 'dtype', value='F16'),
        _set('templates', 'shape', value=[3]),
        _set('templates', 'shape', value=[2**62, 2**62]),
        _set('templates', 'shape', value=[-3, -8]),
        _set('templates', 'shape', value=[3.0, 8]),
        _set('features', 'data_offsets', value=[0, 2**40]),
        _set('features', 'data_offsets', value=[0]),
        _set('labels', 'shape', value=[True]),
        _set('__metadata__', 'about', value='{}'),
        _set('__metadata__', 'about', value=7),
        _set('__metadata__', 'sha256', value=None),
        _set('__metadata__', 'sha256', value='0' * 64),
    ],
)
def test_damage_of_the_header_is_named(content, change):
  tracemalloc.start()
  with pytest.raises(ValueError, match='damaged'):
    file_format.from_bytes(with_header(content, change))
  assert tracemalloc.get_traced_memory()[1] < 50 * len(content) + 10**6
  tracemalloc.stop()


def _forged(known, monkeypatch, **about):
  """A file whose checksum is right, but whose text was written by a foe."""
  dumps = json.dumps

  def forge(value, **options):
    if 'class_names' in value:
      value = {**value, **about}
    return dumps(value, **options)

  monkeypatch.setattr(file_format.json, 'dumps', forge)
  return file_format.to_bytes(known)


@pytest.mark.parametrize(
    'about',
    [
        {'class_names': 'red'},
        {'class_names': ['red', 'green', 3]},
        {'class_names': ['red', 'green', '../\n']},
        {'support_names': ['a']},
        {'keep': 'x'},
        {'keep': 2.0},
        {'weights': {}},
        {'weights': {'backbone': 1, 'source': 'x', 'sha256': 'y'}},
        {'preprocessing': {'size': 10**9}},
        {
            'preprocessing': {
                'size': 10**9,
                'resize': 10**9,
                'keep_aspect': True,
                'mean': [0, 0, 0],
                'std': [1, 1, 1],
            }
        },
    ],
)
def test_a_right_checksum_does_not_make_nonsense_pass(
    known, monkeypatch, about
):
  with pytest.raises(ValueError, match='damaged'):
    file_format.from_bytes(_forged(known, monkeypatch, **about))


def test_truncation_anywhere_is_noticed(content, rng):
  for length in {*rng.integers(0, len(content), 60), len(content) - 1}:
    with pytest.raises(ValueError, match='recogniser'):
      file_format.from_bytes(content[:length])


def test_flipped_bits_are_noticed_or_change_nothing(content, known, rng, same):
  noticed = 0
  start = time.monotonic()
  for position in rng.integers(0, len(content), 400):
    damaged = bytearray(content)
    damaged[position] ^= 1 << rng.integers(8)
    try:
      read = file_format.from_bytes(bytes(damaged))
    except ValueError as error:
      assert 'recogniser' in str(error) or 'format version' in str(error)
      noticed += 1
    else:
      assert same(read, known)  # as where a space became another one
  assert noticed > 390
  assert time.monotonic() - start < 60
