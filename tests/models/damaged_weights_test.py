"""Damaged and hostile files of weights end in an error that names them."""

import io
import json
import pathlib
import pickle
import shutil
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save

from lsl_jax.models import torch_files

FOLDER = pathlib.Path(__file__).parent
FILES = (
    'tensors.pth',
    'tensors_legacy.pth',
    'resnet10_width1.pth',
    'resnet10_width1_legacy.pth',
)
SECONDS, BYTES = 60.0, 100_000_000


@pytest.fixture(autouse=True)
def bounded(within):
  """No test here may take long or reserve much."""
  with within(SECONDS, BYTES):
    yield


def attempt(path):
  """Whether the file could be read; anything but a clear error fails."""
  try:
    tensors = torch_files.read(path)
  except ValueError as error:
    assert str(path) in str(error)
    assert len(str(error)) < 5000
    return False
  assert all(isinstance(value, np.ndarray) for value in tensors.values())
  return True


@pytest.mark.parametrize('name', FILES)
def test_flips_and_cuts_are_named_or_harmless(rng, tmp_path, name):
  path = tmp_path / 'w.pth'
  content = (FOLDER / name).read_bytes()
  read = 0
  for _ in range(120):
    damaged = bytearray(content)
    for position in rng.integers(0, len(content), 4):
      damaged[position] = rng.integers(256)
    path.write_bytes(bytes(damaged))
    read += attempt(path)
  for length in rng.integers(0, len(content), 40):
    path.write_bytes(content[:length])
    assert not attempt(path)
  assert read < 120


class Call:
  """Pickles as a call of a function by its name."""

  def __init__(self, function, *arguments):
    self.function, self.arguments = function, arguments

  def __reduce__(self):
    return self.function, self.arguments


def legacy(content):
  """The row of pickles that torch.save wrote, with that in it."""
  system = {'protocol_version': 1001, 'little_endian': True}
  parts = (0x1950A86A20F9469CFC6C, 1001, system)
  return b''.join(pickle.dumps(part, 2) for part in parts) + content


def test_code_in_a_pickle_does_not_run(tmp_path):
  target = tmp_path / 'ran'
  path = tmp_path / 'w.pth'
  path.write_bytes(legacy(pickle.dumps({'a': Call(shutil.rmtree, target)}, 2)))
  target.mkdir()
  with pytest.raises(ValueError, match=r'w\.pth: .*shutil\.rmtree'):
    torch_files.read(path)
  assert target.is_dir()


# Each of thirty tuples holds the one before twice: 2 ** 30 parts to write out
# or to hash.
NESTED = b''.join(b'q%ch%ch%c\x86' % (i, i, i) for i in range(30))


@pytest.mark.parametrize(
    'content',
    [
        b'\x80\x02(' * 10_000,
        b'\x80\x02' + b']' * 100_000 + b'.',
        b'\x80\x04\x8e' + (2**62).to_bytes(8, 'little') + b'x.',
        b'\x80\x02\x8b' + (2**31 - 1).to_bytes(4, 'little') + b'1.',
        b'\x80\x02)' + NESTED + b'Q.',
        b'\x80\x02}.' + b'\x80\x02](K\x01e.',
        # A memo of two thousand million places.
        b'\x80\x02}r\xff\xff\xff\x7f.',
        # The nested tuple as the name of an entry, or in a set.
        b'\x80\x02})' + NESTED + b'K\x01s.',
        b'\x80\x02}()' + NESTED + b'K\x01u.',
        b'\x80\x02()' + NESTED + b'K\x01d.',
        b'\x80\x04\x8f()' + NESTED + b'\x90.',
        b'\x80\x04()' + NESTED + b'\x91.',
        b'\x80\x02ccollections\nOrderedDict\n]])'
        + NESTED
        + b'K\x01\x86a\x85R.',
        b'\x80\x02(X\x07\x00\x00\x00storage)' + NESTED + b'K\x00K\x00K\x00tQ.',
    ],
)
def test_hostile_pickles_are_refused(tmp_path, content):
  path = tmp_path / 'w.pth'
  path.write_bytes(legacy(content))
  assert not attempt(path)


def test_a_zip_of_death_is_refused_unread(tmp_path):
  path = tmp_path / 'w.pth'
  shutil.copy(FOLDER / 'resnet10_width1.pth', path)
  with zipfile.ZipFile(path) as archive:
    members = {n: archive.read(n) for n in archive.namelist()}
  victim = next(n for n in members if n.endswith('/data/0'))
  with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
    for name, data in members.items():
      if name != victim:
        archive.writestr(name, data)
    with archive.open(victim, 'w') as member:
      for _ in range(200):
        member.write(bytes(2**20))
  assert path.stat().st_size < 10**6
  with pytest.raises(ValueError, match=r'w\.pth: .*has 209715200 bytes'):
    torch_files.read(path)


def test_a_view_that_repeats_a_number_endlessly_is_refused(tmp_path):
  content = io.BytesIO()
  pickled = (
      b'\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n'
      b'((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000'
      b'X\x03\x00\x00\x00cpuK\x01tQK\x00J\x00\x00\x00\x40J\x00\x00\x00\x40\x86'
      b'K\x00K\x00\x86\x89)tRs.'
  )
  content.write(legacy(pickled))
  content.write(pickle.dumps(['0'], 2) + (1).to_bytes(8, 'little') + bytes(4))
  path = tmp_path / 'w.pth'
  path.write_bytes(content.getvalue())
  with pytest.raises(
      ValueError, match=r'1073741824.* is more than its storage'
  ):
    torch_files.read(path)


@pytest.mark.parametrize(
    'header',
    [
        [],
        {'a': 3},
        {'a': {}},
        {
            'a': {
                'dtype': 'F32',
                'shape': [2**62, 2**62],
                'data_offsets': [0, 4],
            }
        },
        {'a': {'dtype': 'F32', 'shape': [-1], 'data_offsets': [4, 0]}},
        {'a': {'dtype': 'F32', 'shape': 'x', 'data_offsets': [0, 4]}},
        {'a': {'dtype': 'F32', 'shape': [1.5], 'data_offsets': [0, 6]}},
        {'a': {'dtype': ['F32'], 'shape': [1], 'data_offsets': [0, 4]}},
        {'a': {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 2**70]}},
        {'a': {'dtype': 'F32', 'shape': [1], 'data_offsets': None}},
    ],
)
def test_damaged_descriptions_of_safetensors_are_named(tmp_path, header):
  path = tmp_path / 'w.safetensors'
  text = json.dumps(header).encode()
  text = text.replace(b'[]', b'{"": []}') if header == [] else text
  path.write_bytes(len(text).to_bytes(8, 'little') + text + bytes(8))
  assert not attempt(path)


def test_flips_and_cuts_of_safetensors_are_named_or_harmless(rng, tmp_path):
  path = tmp_path / 'w.safetensors'
  content = save({'a': np.ones((3, 4), 'f'), 'b': np.zeros(2, np.int64)})
  for _ in range(200):
    damaged = bytearray(content)
    damaged[rng.integers(len(content))] = rng.integers(256)
    path.write_bytes(bytes(damaged))
    attempt(path)
  path.write_bytes(content[:-1])
  assert not attempt(path)
